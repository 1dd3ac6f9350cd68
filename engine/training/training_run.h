// Teaching one concept, from pictures to an embedding. This header needs no LibTorch: services and
// tools include it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "engine/collective/collective_use.h"
#include "engine/cuda/device_graph.h"
#include "engine/model/base_model.h"
#include "engine/training/checkpoint.h"
#include "engine/training/training_input.h"
#include "formats/learned_embedding.h"
#include "orders/compute_options.h"
#include "orders/training_recipe.h"

namespace imprint::engine {

class Collective;

struct TrainingProgress {
  int64_t step;  // updates done, 1 to steps
  int64_t steps;
  int64_t first_step;    // steps done before this process began
  double loss;           // this step's
  double smoothed_loss;  // mean of the last 20 steps
  double norm;           // mean L2 norm of the vectors
  // What communication with other ranks has cost this one so far.
  CollectiveUse collective = {};
};

// Callbacks by which the caller follows and controls a training. Called on the training's thread.
struct TrainingHooks {
  // Called after every step; on a GPU, after every few (TrainingContext::read_every).
  std::function<void(const TrainingProgress&)> on_step;
  // Called after every piece of work of a step, and of the preparation before the first one.
  std::function<void()> on_work;
  // Called after every `checkpoint_every` steps (0: never). An error ends the training with that
  // error.
  std::function<absl::Status(const TrainingCheckpoint&)> on_checkpoint;
  int64_t checkpoint_every = 0;
  // Checked between steps.
  std::stop_token stop;
};

// What a training runs with. The model was loaded in the device and the precision of `compute`; the
// rest of this changes nothing that is learned.
struct TrainingContext {
  // The ranks that share the training; null if it runs alone.
  Collective* gang = nullptr;
  // How many steps to start before their results are read from the device; must be the same on all
  // ranks. Until then a GPU that trains alone computes without a pause, while one in a gang waits
  // in every sum; a gang notices a stop later by as much. 0 is the device's default: 1 for the
  // processor and 10 for a GPU.
  int64_t read_every = 0;
  ComputeOptions compute = {};
  // Records a step's gradients as a graph (engine/cuda/prepare_device.h); null launches every
  // kernel individually.
  RecordGraph record = nullptr;
  // Called after every few pictures that are encoded before the first step, beside hooks.on_work.
  std::function<void()> on_encoded = nullptr;
};

struct TrainingOutcome {
  // False if the stop token ended it early; `checkpoint` can then be continued.
  bool finished = false;
  LearnedEmbedding embedding;
  TrainingCheckpoint checkpoint;
  double first_norm = 0;  // mean L2 norms of the vectors, at the start and now
  double norm = 0;
  int ranks = 1;
  // The number of graphs that were recorded.
  int graphs = 0;
  // Why it went on without the graphs that it was to record; empty if it did not.
  std::string graph_failure;
  // The samples that were computed together with those of other trainings (training_pack.h).
  int64_t packed_samples = 0;
  // The steps that this process did, the seconds that they took, and what communication with other
  // ranks cost in them.
  int64_t steps = 0;
  double seconds = 0;
  CollectiveUse collective;
};

// Checks that a step has at least one sample for each of `ranks` ranks. INVALID_ARGUMENT naming
// ranks.
absl::Status CheckRanks(const TrainingRecipe& recipe, int ranks);

// Checks whether Train would begin: everything that it refuses before its first step, in a moment
// and without computing anything. INVALID_ARGUMENT naming the field.
absl::Status CheckTraining(const BaseModel& model, const TrainingInput& input);

// Teaches the concept, from the beginning or from a checkpoint of the same run. On the same machine
// with the same number of compute threads the result is bit-equal, however often it was
// interrupted. INVALID_ARGUMENT naming the field for bad input or another run's checkpoint;
// FAILED_PRECONDITION if the loss is no longer a number; RESOURCE_EXHAUSTED if memory runs out, for
// which WithWhatFits (memory_trial.h) gives advice.
//
// With a gang, every rank calls this with the same input. Rank 0's `from` counts, and rank 0 is the
// one to set on_checkpoint: all ranks end with the same embedding, but only rank 0 with the whole
// checkpoint. A stop token of any of them stops all after the same step, the next at which they
// read. In fp32 any number of ranks computes the same result but for rounding (1e-5), and the same
// number of ranks the same bits. Errors of the gang are UNAVAILABLE and DEADLINE_EXCEEDED
// (engine/collective/collective.h).
absl::StatusOr<TrainingOutcome> Train(const BaseModel& model, const TrainingInput& input,
                                      const std::optional<TrainingCheckpoint>& from,
                                      const TrainingHooks& hooks, TrainingContext context = {});

}  // namespace imprint::engine
