#include "engine/torch/same_bits.h"

#include <cstdlib>

#include <ATen/ATen.h>

namespace imprint::engine {
namespace {

// All that LibTorch gives to MKL (ATen/cpu/vml.h), in both precisions.
void CallVectorMathOnce() {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    // A single number is not divided among threads.
    const at::Tensor number = at::ones({1}, type);
    for (auto* const function :
         {at::acos, at::asin, at::atan, at::cos, at::erf, at::erfc, at::erfinv, at::exp, at::log,
          at::log10, at::log2, at::sin, at::sqrt, at::tan, at::tanh, at::trunc}) {
      function(number);
    }
  }
}

}  // namespace

void AskForSameBits() {
  // MKL reads it at its first call. LibTorch does not export mkl_cbwr_set.
  setenv("MKL_CBWR", "AUTO", /*replace=*/0);
  CallVectorMathOnce();
}

}  // namespace imprint::engine
