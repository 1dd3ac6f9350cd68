// The results of a training's steps. A device computes ahead of the processor as long as nobody
// asks it for a number, so steps are noted as they are started, and read a few at a time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include <ATen/ATen.h>

namespace imprint::engine {

// Not thread-safe.
class StepResults {
 public:
  // Starts at the first step, or after `steps` earlier ones with their `losses`, as far as they are
  // known.
  StepResults() = default;
  StepResults(std::vector<float> losses, int64_t steps)
      : losses_(std::move(losses)), steps_(steps) {}

  // Notes the results of the next step: three scalars [] in fp64 on the training's device. `told`
  // is above 0 if a rank was told to stop; `finite` is 0 if a vector is no longer finite.
  void Note(const at::Tensor& loss, const at::Tensor& told, const at::Tensor& finite);

  // Waits for the steps that were noted, and reads them. FAILED_PRECONDITION naming the first step
  // whose loss, or a vector after it, is not finite, and `learning_rate`, which should then be
  // smaller.
  absl::Status Read(double learning_rate);

  // Both cover the steps that were read so far.
  const std::vector<float>& losses() const { return losses_; }
  bool told_to_stop() const { return told_; }

 private:
  std::vector<at::Tensor> unread_;  // each [3]
  std::vector<float> losses_;
  int64_t steps_ = 0;
  bool told_ = false;
};

}  // namespace imprint::engine
