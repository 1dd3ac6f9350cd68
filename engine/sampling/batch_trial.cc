#include "engine/sampling/batch_trial.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "engine/model/model_parts.h"
#include "engine/sampling/sampler.h"
#include "engine/sampling/shared_batch.h"
#include "engine/torch/torch_device.h"

namespace imprint::engine {
namespace {

// A batch twice as large that draws fewer than so many times the pictures a second has shown that
// larger ones are not worth it.
constexpr double kWorthwhile = 1.05;
// The part of the best batch's pictures a second that is near enough.
constexpr double kNearEnough = 0.95;

// The first step of a batch also records graphs and allocates.
constexpr int kUntimedSteps = 1;
constexpr int kTimedSteps = 3;

double Rate(const BatchTime& time) { return time.batch / time.seconds; }

absl::StatusOr<BatchTime> TimeBatch(const std::shared_ptr<const BaseModel>& model, int batch,
                                    const BatchTrial& trial) {
  ASSIGN_OR_RETURN(const Sampler sampler, Sampler::Make(model, {}, batch));
  const BaseModelInfo& info = model->info();
  const PictureRequest request = {.prompt = "a picture",
                                  .width = info.picture_size,
                                  .height = info.picture_size,
                                  // None is finished, so that none is decoded.
                                  .steps = kUntimedSteps + kTimedSteps + 1,
                                  .solver = info.solver};
  std::optional<absl::Status> end;
  SharedBatch pictures(batch, trial.record);
  RETURN_IF_ERROR(
      pictures.Add(sampler,
                   {.requests = std::vector<PictureRequest>(static_cast<size_t>(batch), request),
                    .fixed_batch = batch},
                   [&](const absl::Status& status) { end = status; }));
  double best = 0;
  for (int step = 0; step < kUntimedSteps + kTimedSteps; ++step) {
    const double begun = trial.seconds();
    pictures.Step();
    if (end) return *end;
    AwaitDevice(model->parts().device);
    const double seconds = trial.seconds() - begun;
    if (step == kUntimedSteps || (step > kUntimedSteps && seconds < best)) best = seconds;
  }
  return BatchTime{batch, best};
}

}  // namespace

absl::StatusOr<BatchTimes> TimeBatches(const std::shared_ptr<const BaseModel>& model,
                                       const BatchTrial& trial) {
  std::vector<BatchTime> times;
  int largest = trial.most;
  const double begun = trial.seconds();
  for (int batch = 1; batch <= trial.most; batch *= 2) {
    const auto time = TimeBatch(model, batch, trial);
    if (absl::IsResourceExhausted(time.status()) && !times.empty()) {
      largest = times.back().batch;
      break;
    }
    RETURN_IF_ERROR(time.status());
    const bool worthwhile = times.empty() || Rate(*time) >= kWorthwhile * Rate(times.back());
    times.push_back(*time);
    const double next = 2 * time->seconds * (kUntimedSteps + kTimedSteps);
    if (!worthwhile || trial.seconds() - begun + next > trial.budget) break;
  }
  return BatchTimes{std::move(times), largest};
}

int BestBatch(std::span<const BatchTime> times) {
  double best = 0;
  for (const BatchTime& time : times) best = std::max(best, Rate(time));
  return std::find_if(times.begin(), times.end(),
                      [&](const BatchTime& time) { return Rate(time) >= kNearEnough * best; })
      ->batch;
}

}  // namespace imprint::engine
