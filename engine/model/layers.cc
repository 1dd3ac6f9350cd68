#include "engine/model/layers.h"

#include "base/field_error.h"

namespace imprint::engine {
namespace {

at::Tensor Joined(const WeightScope& weights, const std::vector<std::string>& names,
                  absl::string_view part, at::IntArrayRef shape) {
  std::vector<at::Tensor> tensors;
  for (const std::string& name : names) tensors.push_back(weights.In(name).Take(part, shape));
  return at::cat(tensors);
}

}  // namespace

Linear::Linear(const WeightScope& weights, int64_t in, int64_t out, bool bias)
    : weight_(weights.Take("weight", {out, in})) {
  if (bias) bias_ = weights.Take("bias", {out});
}

Linear::Linear(const WeightScope& weights, int64_t in, int64_t out, Storage storage)
    : weight_(storage == Storage::kMatrix ? weights.Take("weight", {out, in})
                                          : weights.Take("weight", {out, in, 1, 1}).flatten(1)),
      bias_(weights.Take("bias", {out})) {}

FusedLinear::FusedLinear(const WeightScope& weights, const std::vector<std::string>& names,
                         int64_t in, int64_t out_each, bool bias)
    : weight_(Joined(weights, names, "weight", {out_each, in})) {
  if (bias) bias_ = Joined(weights, names, "bias", {out_each});
}

Conv2d::Conv2d(const WeightScope& weights, int64_t in, int64_t out, const Shape& shape)
    : convolution_(weights.Take("weight", {out, in, shape.kernel, shape.kernel}),
                   shape.bias ? weights.Take("bias", {out}) : at::Tensor(), shape.stride,
                   shape.padding) {}

GroupNorm::GroupNorm(const WeightScope& weights, int64_t groups, int64_t channels, double epsilon)
    : weights_{groups, epsilon, weights.Take("weight", {channels}),
               weights.Take("bias", {channels})} {}

LayerNorm::LayerNorm(const WeightScope& weights, int64_t width, double epsilon)
    : width_(width),
      epsilon_(epsilon),
      weight_(weights.Take("weight", {width})),
      bias_(weights.Take("bias", {width})) {}

absl::StatusOr<Activation> ParseActivation(absl::string_view field, absl::string_view name) {
  if (name == "quick_gelu") return Activation::kQuickGelu;
  if (name == "gelu") return Activation::kGelu;
  return FieldError(field, Quoted(name), "\"quick_gelu\" or \"gelu\"");
}

at::Tensor Activate(Activation activation, const at::Tensor& x) {
  if (activation == Activation::kGelu) return at::gelu(x);
  return x * at::sigmoid(1.702 * x);
}

}  // namespace imprint::engine
