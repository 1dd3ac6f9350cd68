// Compares a picture that was drawn again with what is recorded of it, and with its file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace imprint::cli {

enum class PictureFile { kAsRecorded, kChanged, kMissing };

struct PictureComparison {
  // Whether it has the recorded bits.
  bool same = false;
  // What the file is that was written then.
  PictureFile file = PictureFile::kAsRecorded;
  // Both, and how far the pictures are apart if they differ, for people.
  std::string text;
};

// `redrawn` is the content of the new picture's file, `sha256` the recorded hash of the old one's.
PictureComparison ComparePicture(const std::string& redrawn, const std::string& sha256,
                                 const std::filesystem::path& file);

// Returns how far two pictures' files are apart, for people: "3 of 12288 values differ, by 1 of 255
// at most".
std::string Difference(std::span<const std::byte> written, const std::string& redrawn);

// Returns "as recorded", "changed" or "missing".
std::string Name(PictureFile file);

}  // namespace imprint::cli
