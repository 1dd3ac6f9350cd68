// Runs trainings in this process, on one compute thread: those of one base model together, in their
// batches, and gangs one after the other. The base model stays in memory for the next.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/node.pb.h>
#include <imprint/v1/rank.pb.h>

#include "engine/cuda/device_graph.h"
#include "engine/model/base_model.h"
#include "engine/training/training_pack.h"
#include "engine/training/training_run.h"
#include "orders/compute_options.h"
#include "services/rank/compute_thread.h"

namespace imprint::rank {

// The channel between a training and whoever asked for it. Called on the thread that asked and on
// the compute thread, one at a time.
struct TrainingControl {
  std::function<void(v1::RunEvent)> emit;
  // Checked between steps.
  std::stop_token stop;
  // Returns whether a stopped training keeps the progress made so far.
  std::function<bool()> keep;
};

// What all trainings of a process have in common.
struct RankContext {
  // The precision is each training's own.
  ComputeOptions compute = {};
  // Records a step's gradients as a graph; null if they are not recorded.
  engine::RecordGraph record = nullptr;
};

// Thread-safe.
class RankTraining {
 public:
  explicit RankTraining(RankContext context);

  // Sets the number of threads of the kernels; 0 means all. Before the first training. Returns
  // INVALID_ARGUMENT naming threads.
  absl::Status SetThreads(int threads);

  // Trains and emits events; the last one is a result, a failure or a stop. Returns when it has
  // ended.
  void Train(const v1::TrainRequest& request, const TrainingControl& control);

 private:
  class Session;

  ComputeDevice device() const { return context_.compute.choice().device; }
  engine::TrainingContext ContextOf(engine::Collective* gang) const {
    return {.gang = gang, .compute = context_.compute, .record = context_.record};
  }

  struct LoadedModel {
    std::shared_ptr<const engine::BaseModel> model;
    // The model was already in memory.
    bool warm = false;
  };
  // Loads the model, on the compute thread. Returns INVALID_ARGUMENT with the reason MODEL_MISMATCH
  // if the folder holds another model, and UNAVAILABLE while trainings of another one run.
  absl::StatusOr<LoadedModel> Load(const v1::ModelLocation& location, Precision precision);

  const RankContext context_;
  int threads_ = 0;
  // What follows is the compute thread's.
  engine::TrainingPack pack_;
  int64_t rounds_ = 0;  // of the pack, so far
  std::string folder_;
  std::shared_ptr<const engine::BaseModel> model_;
  ComputeThread compute_;
};

}  // namespace imprint::rank
