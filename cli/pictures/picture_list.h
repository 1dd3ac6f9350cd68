// Lists the pictures of somebody's folder as it comes: with notes, thumbnails and .DS_Store in it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace imprint::cli {

// The most pictures that a folder may have.
inline constexpr size_t kMaxListedPictures = 10'000;

struct PictureList {
  std::vector<std::filesystem::path> paths;
  // What was left out, and why: "notes.txt (not a picture)".
  std::vector<std::string> skipped;
};

// Finds the files of a folder that are meant as pictures, by name or by content, in natural order
// of names (2.png before 10.png); or takes one file as a folder of one. Files that are not pictures
// and folders inside are skipped. Returns INVALID_ARGUMENT if there is none or more than
// kMaxListedPictures, and NOT_FOUND if there is no such folder.
absl::StatusOr<PictureList> ListPictures(const std::filesystem::path& folder);

}  // namespace imprint::cli
