// Somebody's folder of pictures, as it comes: with notes, thumbnails and .DS_Store in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "base/rgb_image.h"
#include "imaging/fit.h"

namespace imprint {

struct ReferencePicture {
  std::filesystem::path path;
  std::string sha256;  // of the file
  int width;           // as it was, turned upright
  int height;
  RgbImage fitted;  // square, at training size
};

struct ReferenceFolder {
  std::vector<ReferencePicture> pictures;
  // "notes.txt (not a picture)": what was left out, and why.
  std::vector<std::string> skipped;
};

// Reads every picture of a folder (or one picture, given its file), in natural order of names
// (2.png before 10.png), and fits each to size x size. Files that are no pictures and folders
// inside are skipped. INVALID_ARGUMENT, naming every one at fault, if a file meant as a picture (by
// name or by content) cannot be used, or if there is none or more than 1000; NOT_FOUND if there is
// no such folder.
absl::StatusOr<ReferenceFolder> ReadReferenceFolder(const std::filesystem::path& folder, int size,
                                                    SquareFit fit);

// As ReadReferenceFolder for exactly these files.
absl::StatusOr<std::vector<ReferencePicture>> ReadPictures(
    const std::vector<std::filesystem::path>& paths, int size, SquareFit fit);

}  // namespace imprint
