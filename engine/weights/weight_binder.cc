#include "engine/weights/weight_binder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace imprint::engine {
namespace {

constexpr size_t kListed = 5;

void AppendList(absl::string_view heading, const std::vector<std::string>& names,
                std::string& message) {
  if (names.empty()) return;
  const auto end = names.begin() + static_cast<int64_t>(std::min(names.size(), kListed));
  absl::StrAppend(&message, message.empty() ? "" : "; ", names.size(), " ", heading, ": ",
                  absl::StrJoin(names.begin(), end, ", "), names.size() > kListed ? ", …" : "");
}

std::string ShapeText(at::IntArrayRef shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

}  // namespace

at::Tensor WeightBinder::Take(const std::string& name, at::IntArrayRef shape) {
  // Stands in for a tensor that is missing or misshapen, so that Finish can name all of them.
  const auto zeros = [&] {
    return at::zeros(shape, at::device(options_.device).dtype(options_.type));
  };
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    missing_.push_back(name);
    return zeros();
  }
  taken_.insert(name);
  // The file's pages go back when `tensor`, the last that holds them, goes.
  const at::Tensor tensor = std::exchange(found->second, at::Tensor());
  if (tensor.sizes() != shape) {
    wrong_.push_back(absl::StrCat(name, " (got ", ShapeText(tensor.sizes()), ", expected ",
                                  ShapeText(shape), ")"));
    return zeros();
  }
  return tensor.to(options_.device, options_.type, /*non_blocking=*/false, /*copy=*/true);
}

absl::Status WeightBinder::Finish() const {
  std::string message;
  AppendList("tensors are missing", missing_, message);
  AppendList("tensors have another shape", wrong_, message);
  if (message.empty()) return absl::OkStatus();
  AppendList("tensors are unexpected", LeftOver(), message);
  return absl::InvalidArgumentError(absl::StrCat(
      origin_, ": ", message, "; do its weights and its config.json belong together?"));
}

std::vector<std::string> WeightBinder::LeftOver() const {
  std::vector<std::string> left;
  for (const auto& [name, tensor] : tensors_) {
    if (!taken_.contains(name)) left.push_back(name);
  }
  return left;
}

WeightScope WeightScope::In(absl::string_view name) const {
  return WeightScope(*binder_, absl::StrCat(prefix_, name, "."));
}

WeightScope WeightScope::In(absl::string_view name, int64_t index) const {
  return WeightScope(*binder_, absl::StrCat(prefix_, name, ".", index, "."));
}

at::Tensor WeightScope::Take(absl::string_view name, at::IntArrayRef shape) const {
  return binder_->Take(absl::StrCat(prefix_, name), shape);
}

}  // namespace imprint::engine
