// Gives layers their weights by name, and accounts for every tensor of a file.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

#include "engine/weights/named_tensors.h"

namespace imprint::engine {

// The device and the type that a model computes with.
struct WeightOptions {
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;
};

// Holds one component's tensors while its layers are built. Layers take what they need; Finish then
// reports whether everything was there, and LeftOver what no layer took. Not thread-safe.
class WeightBinder {
 public:
  // `origin` is the file's name in errors.
  WeightBinder(NamedTensors tensors, std::string origin, const WeightOptions& options)
      : tensors_(std::move(tensors)), origin_(std::move(origin)), options_(options) {}

  // Returns a copy of the tensor of that name on the options' device and in their type. A tensor
  // that is missing or of another shape is noted for Finish, and zeros stand in for it until then.
  // Each may be taken once.
  at::Tensor Take(const std::string& name, at::IntArrayRef shape);

  // Returns INVALID_ARGUMENT that lists missing tensors and wrong shapes (the first few of each),
  // if there are any, and with them what was left over, which may be the missing ones by another
  // name.
  absl::Status Finish() const;

  // Returns the tensors that were not taken. They are no error: files hold more than a network
  // needs.
  std::vector<std::string> LeftOver() const;

  const WeightOptions& options() const { return options_; }

 private:
  NamedTensors tensors_;
  std::string origin_;
  WeightOptions options_;
  std::set<std::string, std::less<>> taken_;
  std::vector<std::string> missing_;
  std::vector<std::string> wrong_;
};

// A place in the tree of names: scope.In("mid_block").In("resnets", 0).Take("conv1.weight", shape).
// Cheap to copy; must not outlive its binder.
class WeightScope {
 public:
  explicit WeightScope(WeightBinder& binder, std::string prefix = "")
      : binder_(&binder), prefix_(std::move(prefix)) {}

  WeightScope In(absl::string_view name) const;
  WeightScope In(absl::string_view name, int64_t index) const;
  at::Tensor Take(absl::string_view name, at::IntArrayRef shape) const;
  const WeightOptions& options() const { return binder_->options(); }

 private:
  WeightBinder* binder_;
  std::string prefix_;
};

}  // namespace imprint::engine
