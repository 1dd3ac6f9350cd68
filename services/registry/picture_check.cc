#include "services/registry/picture_check.h"

#include <algorithm>
#include <bit>
#include <span>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/rgb_image.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "imaging/picture_format.h"
#include "imaging/resample.h"
#include "services/registry/picture_memory.h"

namespace imprint::registry {
namespace {

constexpr int kGridWidth = 9;
constexpr int kGridHeight = 8;
// Of 64 bits. Pictures of one thing from different sides differ in 15 and more; a recompressed or
// slightly cropped copy in fewer than 6.
constexpr int kNearBits = 5;
constexpr int kSmallSide = 64;

uint64_t DifferenceHash(const RgbImage& image) {
  const RgbImage grid = ResizeBicubic(image, kGridWidth, kGridHeight);
  uint64_t hash = 0;
  const auto brightness = [&](int x, int y) {
    const uint8_t* pixel = grid.Pixel(x, y);
    // ITU-R BT.601's luma, times 1000.
    return 299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2];
  };
  for (int y = 0; y < kGridHeight; ++y) {
    for (int x = 0; x + 1 < kGridWidth; ++x) {
      hash = hash << 1 | (brightness(x, y) < brightness(x + 1, y) ? 1 : 0);
    }
  }
  return hash;
}

}  // namespace

absl::StatusOr<CheckedPicture> CheckReferencePicture(const std::string& file_name,
                                                     absl::string_view content,
                                                     PictureMemory& memory) {
  const auto bytes = std::as_bytes(std::span(content.data(), content.size()));
  const auto looked_at = memory.Decode(bytes);
  if (!looked_at.ok()) {
    return InContext(absl::StrCat("picture ", Quoted(file_name)), looked_at.status());
  }
  const DecodedPicture& decoded = looked_at->decoded;
  CheckedPicture checked;
  v1::ReferencePicture& picture = checked.picture;
  picture.set_file_name(file_name);
  picture.set_sha256(Sha256Hex(content));
  picture.set_format(std::string(SniffPicture(bytes)->name));
  picture.set_width(decoded.full_size.width);
  picture.set_height(decoded.full_size.height);
  picture.set_bytes(static_cast<int64_t>(content.size()));
  checked.difference_hash = DifferenceHash(decoded.image);
  for (const std::string& warning : decoded.warnings) {
    checked.warnings.push_back(absl::StrCat(file_name, ": ", warning));
  }
  return checked;
}

absl::StatusOr<std::vector<std::string>> CheckReferenceSet(
    const std::vector<CheckedPicture>& pictures) {
  std::vector<std::string> warnings;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const v1::ReferencePicture& picture = pictures[i].picture;
    warnings.insert(warnings.end(), pictures[i].warnings.begin(), pictures[i].warnings.end());
    if (std::min(picture.width(), picture.height()) < kSmallSide) {
      warnings.push_back(absl::StrCat(picture.file_name(), " is only ", picture.width(), "×",
                                      picture.height(), " pixels"));
    }
    for (size_t j = 0; j < i; ++j) {
      const v1::ReferencePicture& other = pictures[j].picture;
      if (picture.sha256() == other.sha256()) {
        return FieldError(absl::StrCat("picture ", Quoted(picture.file_name())),
                          absl::StrCat("the same file as ", Quoted(other.file_name())),
                          "different pictures");
      }
      if (std::popcount(pictures[i].difference_hash ^ pictures[j].difference_hash) <= kNearBits) {
        warnings.push_back(absl::StrCat(picture.file_name(), " looks almost like ",
                                        other.file_name(), ": another view would teach more"));
      }
    }
  }
  return warnings;
}

}  // namespace imprint::registry
