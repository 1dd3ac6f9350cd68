// The pictures of somebody's folder, decoded and fitted.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/program/console.h"

#include "base/rgb_image.h"

namespace imprint::cli {

// How a decoded picture becomes the one that is wanted, such as a square of the training size.
using PictureFit = std::function<RgbImage(const RgbImage&)>;

struct ReferencePicture {
  std::filesystem::path path;
  std::string sha256;  // of the file
  int width;           // as it was, turned upright
  int height;
  RgbImage fitted;
  // What a person should know of it, without its name.
  std::vector<std::string> warnings;
};

struct ReferenceFolder {
  std::vector<ReferencePicture> pictures;
  // "notes.txt (not a picture)": what was left out, and why.
  std::vector<std::string> skipped;
};

// Reads every picture of a folder (or one picture, given its file), in natural order of names
// (2.png before 10.png), and fits each. Files that are no pictures and folders
// inside are skipped. INVALID_ARGUMENT, naming every one at fault, if a file meant as a picture (by
// name or by content) cannot be used, or if there is none or more than 10,000; NOT_FOUND if there
// is no such folder.
absl::StatusOr<ReferenceFolder> ReadReferenceFolder(const std::filesystem::path& folder,
                                                    const PictureFit& fit);

// As ReadReferenceFolder for exactly these files.
absl::StatusOr<std::vector<ReferencePicture>> ReadPictures(
    const std::vector<std::filesystem::path>& paths, const PictureFit& fit);

// Warns of what is to be known of the pictures, each by its name.
void WarnOfPictures(const std::vector<ReferencePicture>& pictures, Console& console);

}  // namespace imprint::cli
