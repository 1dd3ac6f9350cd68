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
#include "engine/devices/compute_device.h"
#include "engine/model/base_model.h"

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
struct RankMeans {
  ComputeDevice device = {};
  // Records a step's gradients as a graph; null if they are not recorded.
  RecordGraph record = nullptr;
  bool gradient_checkpointing = false;
};

// Not thread-safe: used by one thread.
class RankTraining {
 public:
  explicit RankTraining(RankMeans means) : means_(std::move(means)) {}

  // Trains and emits events; the last one is a result, a failure or a stop.
  void Train(const v1::TrainRequest& request, const TrainingControl& control);

 private:
  class Session;

  struct LoadedModel {
    std::shared_ptr<const BaseModel> model;
    // The model was already in memory.
    bool warm = false;
  };
  // Loads the model. Returns INVALID_ARGUMENT with the reason MODEL_MISMATCH if the folder holds
  // another model.
  absl::StatusOr<LoadedModel> Load(const v1::ModelLocation& location, Precision precision);

  const RankMeans means_;
  std::string folder_;
  std::shared_ptr<const BaseModel> model_;
};

}  // namespace imprint::rank
