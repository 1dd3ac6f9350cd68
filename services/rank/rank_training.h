// Trainings in this process, one after the other; the base model stays for the next.
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

// What a training says to and hears from whoever asked for it. Called on the training's thread.
struct TrainingControl {
  std::function<void(v1::RunEvent)> emit;
  // Looked at between steps.
  std::stop_token stop;
  // Whether a training that is stopped keeps what it reached.
  std::function<bool()> keep;
};

// What all trainings of a process compute with.
struct RankMeans {
  ComputeDevice device = {};
  // How a step's gradients become a graph, if they do.
  RecordGraph record = nullptr;
  bool gradient_checkpointing = false;
};

// Used by one thread.
class RankTraining {
 public:
  explicit RankTraining(RankMeans means) : means_(std::move(means)) {}

  // Trains and emits what happens; the last event is a result, a failure or a stop.
  void Train(const v1::TrainRequest& request, const TrainingControl& control);

 private:
  class Session;

  struct LoadedModel {
    std::shared_ptr<const BaseModel> model;
    // It was in memory already.
    bool warm = false;
  };
  // INVALID_ARGUMENT with the reason MODEL_MISMATCH if the folder holds another model.
  absl::StatusOr<LoadedModel> Load(const v1::ModelLocation& location, Precision precision);

  const RankMeans means_;
  std::string folder_;
  std::shared_ptr<const BaseModel> model_;
};

}  // namespace imprint::rank
