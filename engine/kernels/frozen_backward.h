// How autograd comes back through a layer whose weights are frozen: only x has a gradient, and
// nothing of the way there needs to be kept. Private to engine/kernels.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

namespace imprint {

// `Layer` has Forward(x) and Backward(gradient, sizes of x); several threads may call both.
template <typename Layer>
class FrozenBackward final : public torch::autograd::Node {
 public:
  FrozenBackward(std::shared_ptr<Layer> layer, const at::Tensor& x)
      : layer_(std::move(layer)), sizes_(x.sizes().vec()) {
    set_next_edges(torch::autograd::collect_next_edges(x));
  }

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    if (!gradients[0].defined()) return {at::Tensor()};
    return {layer_->Backward(gradients[0], sizes_)};
  }

 private:
  std::shared_ptr<Layer> layer_;
  std::vector<int64_t> sizes_;
};

// Runs the layer, and notes how to come back if x wants a gradient.
template <typename Layer>
at::Tensor RunFrozen(const std::shared_ptr<Layer>& layer, const at::Tensor& x) {
  const bool differentiable = at::GradMode::is_enabled() && x.requires_grad();
  at::Tensor out;
  {
    const c10::NoGradGuard no_autograd;
    out = layer->Forward(x);
  }
  if (differentiable) {
    // LibTorch's own way: its nodes need its deleter.
    const std::shared_ptr<torch::autograd::Node> node(new FrozenBackward<Layer>(layer, x),
                                                      torch::autograd::deleteNode);
    torch::autograd::set_history(out, node);
  }
  return out;
}

}  // namespace imprint
