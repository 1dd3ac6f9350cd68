// The numbers that a model computes in. Needs no LibTorch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

enum class Precision {
  kFp32,
  // 8 bits of exponent, 8 of significand: pictures move by what nobody sees, in half the time and
  // memory on processors that multiply it.
  kBf16
};

// "fp32", "bf16".
absl::string_view Name(Precision precision);

// By its name; nothing for "auto". INVALID_ARGUMENT naming `field`.
absl::StatusOr<std::optional<Precision>> ParsePrecision(absl::string_view field,
                                                        absl::string_view name);

// What this machine's processor multiplies without detours, fastest first, by name.
std::vector<std::string> NativePrecisions();

// What "auto" is on this machine's processor: bf16 where it multiplies it (AVX512-BF16, which every
// processor with AMX has, too), else fp32.
Precision AutoPrecision();

}  // namespace imprint
