// The largest size that a picture may have.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint {

struct SizeLimit {
  int64_t max_side = 0;
  int64_t max_pixels = 0;
  // The most pixels of a JPEG, where that is more; 0 means no exception for JPEGs.
  int64_t more_of_a_jpeg = 0;
};

// Returns INVALID_ARGUMENT naming size if it is over the limit. `Size` has a width and a height.
template <typename Size>
absl::Status CheckSize(const Size& size, const SizeLimit& limit) {
  constexpr int64_t kMillion = 1'000'000;
  const int64_t width = size.width;
  const int64_t height = size.height;
  // In this order nothing overflows.
  if (width <= limit.max_side && height <= limit.max_side && width * height <= limit.max_pixels) {
    return absl::OkStatus();
  }
  std::string expected = absl::StrCat("at most ", limit.max_side, " pixels a side and ",
                                      limit.max_pixels / kMillion, " million in all");
  if (limit.more_of_a_jpeg > limit.max_pixels) {
    absl::StrAppend(&expected, " (", limit.more_of_a_jpeg / kMillion,
                    " million in a JPEG, which can be decoded smaller)");
  }
  return FieldError("size", absl::StrCat(width, "×", height), expected);
}

}  // namespace imprint
