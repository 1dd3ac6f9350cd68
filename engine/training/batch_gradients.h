// Computes the gradients of a training's batches, one after the other.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include <ATen/ATen.h>

#include "engine/cuda/device_graph.h"
#include "engine/training/objective.h"

namespace imprint::engine {

// Computes each batch's gradient directly or, where graphs can be recorded, by replaying one graph
// for each batch size. Not thread-safe.
class BatchGradients {
 public:
  // If `record` is null, no graphs are recorded; nor are they in fp16, where every gradient is
  // inspected.
  BatchGradients(const ModelParts& model, int64_t total_samples, Keeping keeping,
                 const RecordGraph& record);

  // Does what ComputeGradient does. Loss and gradient are valid until the next call.
  LossAndGradient Compute(const TrainingBatch& batch, const at::Tensor& rows);

  // Returns the number of graphs recorded so far.
  int recorded() const { return static_cast<int>(recorded_.size()); }

 private:
  // A graph, and the tensors that it reads and writes.
  struct Recorded {
    TrainingBatch batch;
    at::Tensor rows;
    LossAndGradient result;
    std::unique_ptr<DeviceGraph> graph;
  };

  std::unique_ptr<Recorded> Record(const TrainingBatch& batch, const at::Tensor& rows) const;

  const ModelParts& model_;
  const int64_t total_samples_;
  const Keeping keeping_;
  const RecordGraph record_;
  std::map<int64_t, std::unique_ptr<Recorded>> recorded_;  // keyed by the batch's number of samples
};

}  // namespace imprint::engine
