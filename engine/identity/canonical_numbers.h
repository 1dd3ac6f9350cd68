// What a fingerprint sees of a tensor: its numbers, not the type that they are stored in.
#pragma once

#include <cstddef>
#include <optional>

#include "base/sha256.h"
#include "formats/safetensors.h"

namespace imprint {

// An infinity, or what is no number at all.
struct NotFinite {
  size_t index;  // of the element, row-major
  float value;
};

// Adds a tensor's elements to a hash. Those of a floating-point type count as fp32: the same
// numbers stored in F32, F16, BF16 or F8 give the same digest, F64 that of its numbers rounded. To
// hash no more bytes than there are, blocks of 4096 numbers that fp16 holds exactly go in as fp16,
// others that bf16 does as bf16, the rest as fp32. Other types go in by name and bytes.
//
// The first element that is not finite, if there is one.
std::optional<NotFinite> AddNumbers(const TensorView& tensor, Sha256& hash);

}  // namespace imprint
