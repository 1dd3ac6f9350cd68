// Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
#pragma once

#include <functional>
#include <span>
#include <vector>

#include <ATen/ATen.h>

namespace imprint::engine {

// Computes a tensor from tensors; must be deterministic.
using TensorWork = std::function<at::Tensor(std::span<const at::Tensor>)>;

// Returns `work` on `inputs`, keeping only the inputs for the backward pass, which computes the
// rest again. The numbers are the same, for less memory and one more forward pass.
at::Tensor Checkpointed(const TensorWork& work, std::vector<at::Tensor> inputs);

}  // namespace imprint::engine
