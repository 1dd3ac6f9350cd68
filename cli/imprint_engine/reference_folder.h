// Reads the pictures of somebody's folder, decoded and fitted.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/program/console.h"

#include "base/rgb_image.h"

namespace imprint::cli {

// Turns a decoded picture into the one that is wanted, such as a square of the training size.
using PictureFit = std::function<RgbImage(const RgbImage&)>;

struct ReferencePicture {
  std::filesystem::path path;
  std::string sha256;  // of the file
  int width;           // of the original, turned upright
  int height;
  RgbImage fitted;
  // Warnings about it, without its name.
  std::vector<std::string> warnings;
};

struct ReferenceFolder {
  std::vector<ReferencePicture> pictures;
  // What was left out, and why: "notes.txt (not a picture)".
  std::vector<std::string> skipped;
};

// Reads every picture of a folder (or one picture, given its file), in natural order of names
// (2.png before 10.png), and fits each. Files that are not pictures and folders inside are skipped.
// Returns INVALID_ARGUMENT, naming every one at fault, if a file meant as a picture (by name or by
// content) cannot be used, or if there is none or more than 10,000; NOT_FOUND if there is no such
// folder.
absl::StatusOr<ReferenceFolder> ReadReferenceFolder(const std::filesystem::path& folder,
                                                    const PictureFit& fit);

// Like ReadReferenceFolder, for exactly these files.
absl::StatusOr<std::vector<ReferencePicture>> ReadPictures(
    const std::vector<std::filesystem::path>& paths, const PictureFit& fit);

// Prints the pictures' warnings, each with the picture's name.
void WarnOfPictures(const std::vector<ReferencePicture>& pictures, Console& console);

}  // namespace imprint::cli
