// The gradients of a training's batches, one after the other.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include <ATen/ATen.h>

#include "engine/cuda/device_graph.h"
#include "engine/training/objective.h"

namespace imprint {

// Computes them as they come, or, where graphs can be recorded, as one graph for each size of a
// batch. Used by one thread.
class BatchGradients {
 public:
  // `record`: none computes without graphs; so does fp16, which looks at every gradient.
  BatchGradients(const ModelParts& model, int64_t total_samples, Keeping keeping,
                 const RecordGraph& record);

  // As ComputeGradient. Loss and gradient hold until the next call.
  LossAndGradient Compute(const TrainingBatch& batch, const at::Tensor& rows);

  // Graphs so far.
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
  std::map<int64_t, std::unique_ptr<Recorded>> recorded_;  // by the batch's samples
};

}  // namespace imprint
