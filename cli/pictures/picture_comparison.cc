#include "cli/pictures/picture_comparison.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "base/mapped_file.h"
#include "base/sha256.h"
#include "imaging/decode.h"

namespace imprint::cli {
std::string Difference(std::span<const std::byte> written, const std::string& redrawn) {
  const auto a = DecodePixels(written);
  const auto b = DecodePixels(std::as_bytes(std::span(redrawn)));
  if (!a.ok() || !b.ok() || a->width != b->width || a->height != b->height) {
    return "of another size";
  }
  size_t differ = 0;
  int most = 0;
  for (size_t i = 0; i < a->pixels.size(); ++i) {
    const int difference = std::abs(int{a->pixels[i]} - int{b->pixels[i]});
    differ += difference > 0 ? 1 : 0;
    most = std::max(most, difference);
  }
  if (differ == 0) return "the same pixels, encoded differently";
  return absl::StrFormat("%d of %d values differ, by %d of 255 at most", differ, a->pixels.size(),
                         most);
}

std::string Name(PictureFile file) {
  switch (file) {
    case PictureFile::kAsRecorded:
      return "as recorded";
    case PictureFile::kChanged:
      return "changed";
    case PictureFile::kMissing:
      return "missing";
  }
  return "";
}

PictureComparison ComparePicture(const std::string& redrawn, const std::string& sha256,
                                 const std::filesystem::path& file) {
  PictureComparison comparison = {.same = Sha256Hex(redrawn) == sha256};
  const auto written = MappedFile::Open(file);
  if (!written.ok()) {
    comparison.file = PictureFile::kMissing;
  } else if (Sha256Hex((*written)->bytes()) != sha256) {
    comparison.file = PictureFile::kChanged;
  }
  if (comparison.same) {
    comparison.text = "bit for bit";
  } else if (comparison.file == PictureFile::kAsRecorded) {
    comparison.text = Difference((*written)->bytes(), redrawn);
  } else {
    comparison.text = "not what was recorded";
  }
  if (comparison.file == PictureFile::kMissing) {
    absl::StrAppend(&comparison.text, "; its file is missing");
  } else if (comparison.file == PictureFile::kChanged) {
    absl::StrAppend(&comparison.text, "; its file has been changed since");
  }
  return comparison;
}

}  // namespace imprint::cli
