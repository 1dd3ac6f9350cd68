#include "engine/sampling/emphasis.h"

#include <algorithm>

namespace imprint::engine {

at::Tensor Emphasize(const at::Tensor& hidden, std::span<const float> weights) {
  if (std::all_of(weights.begin(), weights.end(), [](float weight) { return weight == 1; })) {
    return hidden;
  }
  const at::Tensor factors = at::tensor(at::ArrayRef<float>(weights.data(), weights.size()))
                                 .to(hidden.device())
                                 .view({hidden.size(0), hidden.size(1), 1});
  const at::Tensor original = hidden.to(at::kFloat);
  const at::Tensor weighted = original * factors;
  const auto mean = [](const at::Tensor& x) { return x.mean({1, 2}, /*keepdim=*/true); };
  return (weighted * (mean(original) / mean(weighted))).to(hidden.scalar_type());
}

}  // namespace imprint::engine
