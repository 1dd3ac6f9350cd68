// The numbers that a model computes in. Needs no LibTorch.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

enum class Precision {
  kFp32,
  // 8 bits of exponent, 8 of significand: pictures change by what nobody sees, in half the time and
  // memory on devices that multiply it natively.
  kBf16,
  // 5 bits of exponent, 11 of significand: for GPUs older than bf16. It ends at 65504, so that the
  // VAE stays in fp32 beside it.
  kFp16
};

// Returns "fp32", "bf16" or "fp16".
absl::string_view Name(Precision precision);

// Parses a precision's name; nothing for "auto". INVALID_ARGUMENT naming `field`.
absl::StatusOr<std::optional<Precision>> ParsePrecision(absl::string_view field,
                                                        absl::string_view name);

}  // namespace imprint
