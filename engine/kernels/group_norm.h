// Group normalisation, alone or with the SiLU that follows it nearly everywhere, in fewer passes
// over memory than the two separately (Wu & He 2018, "Group Normalization"; Elfwing et al. 2018 for
// SiLU).
#pragma once

#include <cstdint>

#include <ATen/ATen.h>

namespace imprint::engine {

// The frozen parameters of one normalisation.
struct GroupNormWeights {
  int64_t groups;
  double epsilon;
  at::Tensor scale;  // [c]
  at::Tensor shift;  // [c]
};

enum class NormActivation { kNone, kSilu };

// Normalizes x [n, c, h, w] into the same shape, channels last in memory. Differentiable with
// respect to x, which is all that is kept for the backward pass. Our own kernel computes fp32 on
// the CPU; everything else goes through LibTorch, which takes means and deviations in fp32 whatever
// the type of x. Thread-safe.
at::Tensor NormalizeGroups(const at::Tensor& x, const GroupNormWeights& weights,
                           NormActivation activation);

}  // namespace imprint::engine
