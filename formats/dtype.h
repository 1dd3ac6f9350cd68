// Element types as safetensors names them.
#pragma once

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"

namespace imprint {

enum class DType {
  kBool,
  kU8,
  kI8,
  kF8E4M3,
  kF8E5M2,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kI64,
  kU64,
  kF64
};

// Returns the bytes of one element.
size_t ElementSize(DType type);

// Returns "F32", "BF16", ...
absl::string_view Name(DType type);

// Returns the type of that name, if there is one.
std::optional<DType> DTypeNamed(absl::string_view name);

}  // namespace imprint
