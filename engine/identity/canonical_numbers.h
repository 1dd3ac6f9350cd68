// The canonical form of a tensor for fingerprints: its numbers, whatever type they are stored in.
#pragma once

#include <cstddef>
#include <optional>

#include "base/sha256.h"
#include "formats/safetensors.h"

namespace imprint::engine {

// An infinity or NaN.
struct NotFinite {
  size_t index;  // index of the element, row-major
  float value;
};

// Adds a tensor's elements to a hash. Elements of a floating-point type count as fp32: the same
// numbers stored in F32, F16, BF16 or F8 give the same digest, and F64 gives that of its rounded
// numbers. To hash as few bytes as possible, blocks of 4096 numbers that fp16 represents exactly
// are hashed as fp16, those that bf16 does as bf16, and the rest as fp32. Other types are hashed by
// name and bytes.
//
// Returns the first element that is not finite, if there is one.
std::optional<NotFinite> AddNumbers(const TensorView& tensor, Sha256& hash);

}  // namespace imprint::engine
