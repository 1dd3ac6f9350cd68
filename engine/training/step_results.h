// What a training's steps have come to. A device computes ahead of the processor as long as nobody
// asks it for a number: steps are noted as they are started, and read a few at a time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include <ATen/ATen.h>

namespace imprint {

// Used by one thread.
class StepResults {
 public:
  // `losses` of earlier steps, as far as they are known, and how many steps there were.
  StepResults() = default;
  StepResults(std::vector<float> losses, int64_t steps)
      : losses_(std::move(losses)), steps_(steps) {}

  // Of the step after the last: three numbers [] in fp64 on the training's device. `told` is above
  // 0 if a rank was told to stop; `finite` is 0 if a vector is no longer a number.
  void Note(const at::Tensor& loss, const at::Tensor& told, const at::Tensor& finite);

  // Waits for the steps that were noted. FAILED_PRECONDITION naming the first step whose loss, or
  // a vector after it, is not a number, which `learning_rate` is told for.
  absl::Status Read(double learning_rate);

  // Of the steps that were read.
  const std::vector<float>& losses() const { return losses_; }
  bool told_to_stop() const { return told_; }

 private:
  std::vector<at::Tensor> unread_;  // each [3]
  std::vector<float> losses_;
  int64_t steps_ = 0;
  bool told_ = false;
};

}  // namespace imprint
