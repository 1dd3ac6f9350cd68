#include "engine/kernels/packed_linear.h"

#include <mutex>
#include <optional>
#include <string_view>

#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/InferenceMode.h>

#include "engine/kernels/frozen_backward.h"

namespace imprint {
namespace {

// The operators that LibTorch's own compiler calls with packed weights; its headers have none.
template <typename Signature>
auto Operator(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

// Undefined where oneDNN refuses.
at::Tensor Pack(const at::Tensor& weight) {
  using Signature = at::Tensor(const at::Tensor&, std::optional<int64_t>);
  // One layout for any number of rows: with the layout the kernel would change, and with it the
  // rounding, so that pictures would depend on what was drawn before them.
  constexpr int64_t kRows = 1024;
  if (!weight.is_cpu() || !at::hasMKLDNN()) return {};
  // Whoever comes first may be in inference mode; what others compute gradients with must not be.
  const c10::InferenceMode tensors_of_the_usual_kind(false);
  const c10::NoGradGuard no_autograd;
  try {
    static const auto pack = Operator<Signature>("mkldnn::_reorder_linear_weight");
    return pack.call(weight.contiguous(), kRows);
  } catch (const c10::Error&) {
    return {};
  }
}

at::Tensor Multiply(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias) {
  using Scalars = c10::List<std::optional<at::Scalar>>;
  using Signature =
      at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                 std::string_view, Scalars, std::optional<std::string_view>);
  static const auto multiply = Operator<Signature>("mkldnn::_linear_pointwise");
  return multiply.call(x, packed, bias.defined() ? std::optional(bias) : std::nullopt, "none",
                       Scalars(), std::nullopt);
}

}  // namespace

struct PackedLinear::State {
  at::Tensor packed;
  at::Tensor plain;  // where it could not be packed
  at::Tensor bias;
  std::once_flag transposed_once;
  at::Tensor transposed;  // packed

  at::Tensor Forward(const at::Tensor& x) const { return Multiply(x, packed, bias); }

  at::Tensor Backward(const at::Tensor& gradient, at::IntArrayRef /*sizes*/) {
    std::call_once(transposed_once, [&] { transposed = Pack(packed.to_dense().t()); });
    return Multiply(gradient, transposed, {});
  }
};

PackedLinear::PackedLinear(const at::Tensor& weight, const at::Tensor& bias)
    : state_(std::make_shared<State>()) {
  state_->bias = bias;
  state_->packed = Pack(weight);
  if (!packed()) state_->plain = weight;
}

at::Tensor PackedLinear::operator()(const at::Tensor& x) const {
  return packed() ? RunFrozen(state_, x) : at::linear(x, state_->plain, state_->bias);
}

bool PackedLinear::packed() const { return state_->packed.defined(); }

at::Tensor PackedLinear::weight() const {
  return packed() ? state_->packed.to_dense() : state_->plain;
}

}  // namespace imprint
