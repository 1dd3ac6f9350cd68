// Computes the gradients of trainings' batches, one after the other.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "engine/cuda/device_graph.h"
#include "engine/training/objective.h"

namespace imprint::engine {

// Computes gradients directly or, where graphs can be recorded, by replaying one graph for each of
// the shapes that were used last, at most kMostGraphs: each keeps the memory of one computation.
// Not thread-safe.
class BatchGradients {
 public:
  static constexpr size_t kMostGraphs = 4;

  // If `record` is null, no graphs are recorded; nor are they in fp16, where every gradient is
  // inspected. The model must outlive this object.
  BatchGradients(const ModelParts& model, Keeping keeping, const RecordGraph& record);

  // Does what ComputeGradients does. The results are valid until the next call. Where a graph
  // cannot be recorded, nor is any other from then on, and gradients are computed without.
  std::vector<LossAndGradient> Compute(std::span<const GradientRequest> requests);
  LossAndGradient Compute(const GradientRequest& request) {
    return Compute(std::span(&request, 1)).front();
  }

  // Gives back the memory that the graphs keep; they are recorded again when they are needed.
  void ForgetGraphs() { recorded_.clear(); }

  // Returns the number of graphs that are kept.
  size_t kept() const { return recorded_.size(); }
  // Returns the number of graphs recorded so far.
  int recorded() const { return recorded_count_; }
  // Returns why graphs are recorded no longer; empty if they are, or never were to be.
  const std::string& failure() const { return failure_; }

 private:
  // A graph, and the tensors that it reads and writes.
  struct Recorded {
    std::vector<GradientRequest> requests;
    std::vector<LossAndGradient> results;
    std::unique_ptr<DeviceGraph> graph;
  };

  // The graph of such requests, which comes first from now on; null if there is none.
  Recorded* Find(std::span<const GradientRequest> requests);
  // Null if it cannot be recorded.
  Recorded* Record(std::span<const GradientRequest> requests);

  const ModelParts& model_;
  const Keeping keeping_;
  RecordGraph record_;
  std::string failure_;
  std::list<Recorded> recorded_;  // the most recently used comes first
  int recorded_count_ = 0;
};

}  // namespace imprint::engine
