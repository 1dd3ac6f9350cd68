#include "engine/training/step_results.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace imprint::engine {
namespace {

absl::Status Diverged(absl::string_view what, int64_t step, double learning_rate) {
  return absl::FailedPreconditionError(absl::StrCat(what, " is not a number at step ", step,
                                                    "; learning_rate: got ", learning_rate,
                                                    "; expected a smaller one"));
}

}  // namespace

void StepResults::Note(const at::Tensor& loss, const at::Tensor& told, const at::Tensor& finite) {
  unread_.push_back(at::stack({loss, told, finite}));
}

absl::Status StepResults::Read(double learning_rate) {
  if (unread_.empty()) return absl::OkStatus();
  const at::Tensor all = at::stack(unread_).cpu();
  unread_.clear();
  const auto values = all.accessor<double, 2>();
  for (int64_t i = 0; i < values.size(0); ++i) {
    const int64_t step = ++steps_;
    if (!std::isfinite(values[i][0])) return Diverged("the loss", step, learning_rate);
    losses_.push_back(static_cast<float>(values[i][0]));
    told_ = told_ || values[i][1] > 0;
    if (values[i][2] == 0) return Diverged("a vector", step, learning_rate);
  }
  return absl::OkStatus();
}

}  // namespace imprint::engine
