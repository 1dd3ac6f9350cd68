// One training, a batch at a time: says what to compute next, and learns from what it came to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <ATen/ATen.h>

#include "engine/collective/collective.h"
#include "engine/model/base_model.h"
#include "engine/model/model_parts.h"
#include "engine/training/adamw.h"
#include "engine/training/latent_dataset.h"
#include "engine/training/objective.h"
#include "engine/training/rank_share.h"
#include "engine/training/sample_draw.h"
#include "engine/training/step_results.h"
#include "engine/training/training_input.h"
#include "engine/training/training_run.h"
#include "text/clip_tokenizer.h"

namespace imprint::engine {

// Its methods throw LibTorch's errors. Not thread-safe.
class TrainingSession {
 public:
  // Checks the input, encodes the pictures and takes up the checkpoint; with a gang, all ranks then
  // begin where rank 0 stands. The model and the gang must outlive the session. Errors are Train's.
  static absl::StatusOr<std::unique_ptr<TrainingSession>> Begin(
      const BaseModel& model, const TrainingInput& input,
      const std::optional<TrainingCheckpoint>& from, TrainingHooks hooks,
      const TrainingContext& context);

  // Returns what to compute next: this rank's samples of a step, in batches that fit. Nothing once
  // the training has ended, or was stopped.
  absl::StatusOr<std::optional<GradientRequest>> Next();

  // Takes what the request came to. The last one of a step updates the vectors; every few steps it
  // waits for the device, and calls the hooks. FAILED_PRECONDITION if a step came to no number.
  absl::Status Take(const LossAndGradient& part);

  TrainingOutcome Outcome() const;

 private:
  // Where the first step of this process began.
  struct Beginning {
    int64_t step = 0;
    double at = 0;  // MonotonicSeconds
    CollectiveUse collective = {};
  };

  TrainingSession(const BaseModel& model, const TrainingInput& input, const at::Tensor& first_rows,
                  std::vector<TokenizedPrompt> captions, TrainingHooks hooks,
                  const TrainingContext& context);

  absl::Status Restore(const TrainingCheckpoint& checkpoint);
  // All ranks begin where rank 0 stands, if they are about to train the same.
  absl::Status BeginTogether();
  // A gang that trains two things would learn neither.
  absl::Status CheckSameEverywhere();

  bool IsDone() const { return state_.step >= recipe_.steps; }
  void BeginStep();
  // One update from all of the step's samples. Does not wait for a GPU: what the step came to is
  // read later.
  absl::Status EndStep();
  // Reads what steps came to where it is time to, and says it to the hooks.
  absl::Status Look();
  // Waits for the steps that were begun. FAILED_PRECONDITION if one came to no number.
  absl::Status Read();
  // Adds up loss and gradient, and hears whether any rank was told to stop, in one operation.
  absl::Status SumOverRanks(at::Tensor& told);

  TrainingBatch DrawBatch(int64_t step, int64_t first, int64_t count) const;
  TrainingProgress Progress() const;
  TrainingCheckpoint Checkpoint() const;
  // What has been learned so far: the mean over the last part of the run, or the vectors as they
  // are before it has begun.
  at::Tensor LearnedRows() const;
  // In fp64, on the device.
  at::Tensor Number(double value) const;

  const TrainingHooks hooks_;
  const std::unique_ptr<Collective> alone_;  // the gang of who has none
  Collective& gang_;
  const ModelParts& model_;
  const Precision model_precision_;
  const std::string damage_;
  const std::string token_;
  const TrainingRecipe recipe_;
  const int64_t read_every_;
  const std::map<std::string, std::string> run_;
  const std::vector<TokenizedPrompt> captions_;
  const LatentDataset dataset_;
  const DrawSpace space_;
  const at::Tensor limits_;
  const double first_norm_;
  AdamWState state_;
  // Of the steps that count towards the embedding, [n, d].
  at::Tensor row_sum_;
  StepResults results_;
  Beginning begun_;
  bool stopped_ = false;
  // The step that is being computed: this rank's samples that were not asked for yet, whether it
  // was told to stop when the step began, and what was added up so far.
  SampleRange left_ = {};
  bool told_ = false;
  at::Tensor loss_;
  at::Tensor gradient_;
};

}  // namespace imprint::engine
