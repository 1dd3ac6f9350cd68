// The checks that most numbers need.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "base/field_error.h"

namespace imprint {

// Returns INVALID_ARGUMENT naming the field unless least <= value <= most, which is never true of
// NaN.
inline absl::Status CheckNumber(absl::string_view field, double value, double least, double most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return FieldError(field, absl::StrCat(value),
                    absl::StrCat("a number from ", least, " to ", most));
}

// Does the same for whole numbers.
inline absl::Status CheckRange(absl::string_view field, int64_t value, int64_t least,
                               int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return FieldError(field, absl::StrCat(value),
                    absl::StrCat("a whole number from ", least, " to ", most));
}

}  // namespace imprint
