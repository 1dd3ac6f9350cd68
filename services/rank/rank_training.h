// Runs trainings in this process, one after the other; the base model stays in memory for the next.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include <imprint/v1/node.pb.h>
#include <imprint/v1/rank.pb.h>

#include "engine/cuda/device_graph.h"
#include "engine/model/base_model.h"
#include "orders/compute_options.h"

namespace imprint::rank {

// The channel between a training and whoever asked for it. Called on the training's thread.
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

// Not thread-safe: used by one thread.
class RankTraining {
 public:
  explicit RankTraining(RankContext context) : context_(std::move(context)) {}

  // Trains and emits events; the last one is a result, a failure or a stop.
  void Train(const v1::TrainRequest& request, const TrainingControl& control);

 private:
  class Session;

  ComputeDevice device() const { return context_.compute.choice().device; }

  struct LoadedModel {
    std::shared_ptr<const engine::BaseModel> model;
    // The model was already in memory.
    bool warm = false;
  };
  // Loads the model. Returns INVALID_ARGUMENT with the reason MODEL_MISMATCH if the folder holds
  // another model.
  absl::StatusOr<LoadedModel> Load(const v1::ModelLocation& location, Precision precision);

  const RankContext context_;
  std::string folder_;
  std::shared_ptr<const engine::BaseModel> model_;
};

}  // namespace imprint::rank
