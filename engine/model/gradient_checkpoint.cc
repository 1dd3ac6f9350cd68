#include "engine/model/gradient_checkpoint.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/functions/utils.h>

namespace imprint::engine {
namespace {

// The backward pass of the work: does the work again, with autograd, and goes back through it.
class Again final : public torch::autograd::Node {
 public:
  Again(TensorWork work, const std::vector<at::Tensor>& inputs) : work_(std::move(work)) {
    for (const at::Tensor& input : inputs) {
      // Detached, they keep their numbers alive and not the graph that they came from.
      inputs_.push_back(input.detach());
      differentiable_.push_back(input.requires_grad());
    }
    set_next_edges(torch::autograd::collect_next_edges(inputs));
  }

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    torch::autograd::variable_list back(inputs_.size());
    if (!gradients[0].defined()) return back;
    std::vector<at::Tensor> inputs;
    std::vector<at::Tensor> wanted;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      inputs.push_back(inputs_[i].detach().requires_grad_(differentiable_[i]));
      if (differentiable_[i]) wanted.push_back(inputs.back());
    }
    at::Tensor out;
    {
      // Autograd is off while it runs a backward pass.
      const c10::AutoGradMode autograd(true);
      out = work_(inputs);
    }
    auto found = torch::autograd::grad({out}, wanted, {gradients[0]}, /*retain_graph=*/std::nullopt,
                                       /*create_graph=*/false, /*allow_unused=*/true);
    auto next = found.begin();
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (differentiable_[i]) back[i] = *next++;
    }
    return back;
  }

  void release_variables() override { inputs_.clear(); }

 private:
  TensorWork work_;
  std::vector<at::Tensor> inputs_;
  std::vector<bool> differentiable_;
};

}  // namespace

at::Tensor Checkpointed(const TensorWork& work, std::vector<at::Tensor> inputs) {
  const bool differentiable =
      c10::GradMode::is_enabled() &&
      std::any_of(inputs.begin(), inputs.end(), [](const auto& t) { return t.requires_grad(); });
  if (!differentiable) return work(inputs);
  at::Tensor out;
  {
    const c10::NoGradGuard no_autograd;
    out = work(inputs);
  }
  // LibTorch destroys nodes with a deleter of its own, lest a long chain of them recurses.
  const std::shared_ptr<torch::autograd::Node> node(new Again(work, inputs),
                                                    torch::autograd::deleteNode);
  torch::autograd::set_history(out, node);
  return out;
}

}  // namespace imprint::engine
