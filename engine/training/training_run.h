// Teaching one concept, from pictures to an embedding. This header needs no LibTorch: services and
// tools include it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/rgb_image.h"
#include "engine/collective/collective_use.h"
#include "engine/cuda/device_graph.h"
#include "engine/model/base_model.h"
#include "engine/training/checkpoint.h"
#include "formats/learned_embedding.h"
#include "orders/training_recipe.h"

namespace imprint {

class Collective;

struct TrainingInput {
  std::string token;
  // The word for what kind of thing it is: where the vectors start.
  std::string class_word;
  // All of one size, both sides multiples of the model's size_multiple.
  std::vector<RgbImage> pictures;
  // Captions with "{}" once each.
  std::vector<std::string> templates;
  TrainingRecipe recipe;
};

struct TrainingProgress {
  int64_t step;  // updates done, 1 to steps
  int64_t steps;
  int64_t first_step;    // that were done before this process began
  double loss;           // of this step
  double smoothed_loss;  // mean of the last 20 steps
  double norm;           // mean L2 length of the vectors
  // What working with other ranks has taken of this one so far.
  CollectiveUse collective = {};
};

// What the caller wants to hear and decide while a training runs. Called on the training's thread.
struct TrainingHooks {
  // After every step; on a GPU after every few (TrainingMeans::read_every).
  std::function<void(const TrainingProgress&)> on_step;
  // After every piece of a step and of what comes before the first one.
  std::function<void()> on_work;
  // Called after every `checkpoint_every` steps (0: never). An error ends the training with it.
  std::function<absl::Status(const TrainingCheckpoint&)> on_checkpoint;
  int64_t checkpoint_every = 0;
  // Looked at between steps.
  std::stop_token stop;
};

// What a training computes with. None of it changes what is learned.
struct TrainingMeans {
  // The ranks that share it; null is nobody else.
  Collective* gang = nullptr;
  // Steps until the device is asked what they came to, the same on all ranks: a GPU that trains
  // alone computes without a pause meanwhile, one of a gang waits in every sum; a gang's stop is
  // heard so much later. 0 is the device's own, 1 for the processor and 10 for a GPU.
  int64_t read_every = 0;
  // Gradient checkpointing: less memory, more time, the same numbers.
  bool gradient_checkpointing = false;
  // Records a step's gradients as a graph (engine/cuda/prepare_device.h), but in fp16; none starts
  // every kernel by itself.
  RecordGraph record = nullptr;
};

struct TrainingOutcome {
  // False if the stop token ended it early; `checkpoint` then continues it.
  bool finished = false;
  LearnedEmbedding embedding;
  TrainingCheckpoint checkpoint;
  double first_norm = 0;  // mean L2 length of the vectors at the start and now
  double norm = 0;
  int ranks = 1;
  // Graphs that were recorded.
  int graphs = 0;
  // Steps of this process, the seconds that these took, and what working with the others took of
  // them.
  int64_t steps = 0;
  double seconds = 0;
  CollectiveUse collective;
};

// Whether a step has a sample for each of so many ranks. INVALID_ARGUMENT naming ranks.
absl::Status CheckRanks(const TrainingRecipe& recipe, int ranks);

// Whether Train would begin: everything that it refuses before its first step, in a moment and with
// nothing computed. INVALID_ARGUMENT naming the field.
absl::Status CheckTraining(const BaseModel& model, const TrainingInput& input);

// Teaches the concept, from the beginning or from a checkpoint of the same run. On the same machine
// with the same number of compute threads the result is bit-equal, however often it was
// interrupted. INVALID_ARGUMENT naming the field for bad input or another run's checkpoint;
// FAILED_PRECONDITION if the loss is no longer a number; RESOURCE_EXHAUSTED if memory runs out, for
// which WithWhatFits (memory_trial.h) knows advice.
//
// With a gang, every rank calls this with the same input; rank 0's `from` counts, and its hooks are
// the ones that hear of checkpoints. All ranks end with the same embedding, rank 0 with the whole
// checkpoint; a stop token of any of them stops all after the same step, the next at which they
// read. In fp32 any number of ranks computes the same but for rounding (1e-5), and the same number
// the same bits. Errors of the gang are UNAVAILABLE and DEADLINE_EXCEEDED
// (engine/collective/collective.h).
absl::StatusOr<TrainingOutcome> Train(const BaseModel& model, const TrainingInput& input,
                                      const std::optional<TrainingCheckpoint>& from,
                                      const TrainingHooks& hooks, TrainingMeans means = {});

}  // namespace imprint
