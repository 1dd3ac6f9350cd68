// Reads a tensor's numbers as the engine computes with them, whatever floating-point type they are
// stored in.
#pragma once

#include <cstddef>
#include <span>

#include "formats/dtype.h"
#include "formats/safetensors.h"

namespace imprint {

// Returns whether the type is F64, F32, F16, BF16, F8_E4M3 or F8_E5M2.
bool IsFloatingPoint(DType type);

// The text for these types in errors.
inline constexpr const char* kFloatingPointTypes = "F32, F16, BF16, F64, F8_E4M3 or F8_E5M2";

// Reads elements `first`, `first` + 1, ... of a tensor of such a type in fp32, as many as `values`
// has room for: exactly, except for F64, which is rounded to the nearest. The tensor must have
// them.
void ReadFloats(const TensorView& tensor, size_t first, std::span<float> values);

}  // namespace imprint
