#include "engine/training/norm_control.h"

namespace imprint::engine {

at::Tensor NormLimits(const at::Tensor& first_rows, double max_growth) {
  if (max_growth == 0) return {};
  return first_rows.norm(2, {-1}, /*keepdim=*/true) * max_growth;
}

void LimitNorms(const at::Tensor& limits, at::Tensor& rows) {
  if (!limits.defined()) return;
  const at::Tensor norms = rows.norm(2, {-1}, /*keepdim=*/true);
  rows.mul_(at::clamp_max(limits / norms.clamp_min(1e-12), 1.0));
}

}  // namespace imprint::engine
