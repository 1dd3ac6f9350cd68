// Computes the gradients of trainings' batches, one after the other.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/cuda/device_graph.h"
#include "engine/cuda/graph_cache.h"
#include "engine/training/objective.h"

namespace imprint::engine {

// Computes gradients directly or, where graphs can be recorded, by replaying one graph for each of
// the shapes that were used last (GraphCache). Not thread-safe.
class BatchGradients {
 public:
  // If `record` is null, no graphs are recorded; nor are they in fp16, where every gradient is
  // inspected. The model must outlive this object.
  BatchGradients(const ModelParts& model, Keeping keeping, const RecordGraph& record);

  // Does what ComputeGradients does. The results are valid until the next call. Where a graph
  // cannot be recorded, nor is any other from then on, and gradients are computed without; where
  // memory is too short for one of several requests, that is thrown, since fewer may fit.
  std::vector<LossAndGradient> Compute(std::span<const GradientRequest> requests);
  LossAndGradient Compute(const GradientRequest& request) {
    return Compute(std::span(&request, 1)).front();
  }

  // Returns the number of graphs recorded so far.
  int recorded() const { return graphs_.recorded(); }
  // Returns why graphs are recorded no longer; empty if they are, or never were to be.
  const std::string& failure() const { return graphs_.failure(); }

 private:
  // A graph, and the tensors that it reads and writes.
  struct Recorded {
    std::vector<GradientRequest> requests;
    std::vector<LossAndGradient> results;
    std::unique_ptr<DeviceGraph> graph;
  };

  Recorded* Record(std::span<const GradientRequest> requests);

  const ModelParts& model_;
  const Keeping keeping_;
  GraphCache<Recorded> graphs_;
};

}  // namespace imprint::engine
