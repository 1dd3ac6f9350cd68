// Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
#pragma once

#include <functional>
#include <span>
#include <vector>

#include <ATen/ATen.h>

namespace imprint {

// A tensor from tensors; must give the same from the same.
using TensorWork = std::function<at::Tensor(std::span<const at::Tensor>)>;

// `work` on `inputs`. On the way to a gradient only the inputs are kept; what lies between is
// computed again on the way back. Same numbers, less memory, one more time forward.
at::Tensor Checkpointed(const TensorWork& work, std::vector<at::Tensor> inputs);

}  // namespace imprint
