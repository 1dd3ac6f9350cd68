// Evaluates the denoising network for batches of pictures, as recorded graphs where these can be
// had.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <ATen/ATen.h>

#include "engine/cuda/device_graph.h"
#include "engine/cuda/graph_cache.h"
#include "engine/model/base_model.h"
#include "engine/model/unet.h"

namespace imprint::engine {

// What the network reads of a batch's prompts. Whenever they change, so does the version; no two
// have the same.
struct BatchPrompts {
  PromptKeys keys;
  int64_t version = 0;
};

// One graph for each model and shape that was used last (GraphCache), until the first evaluation
// after its model has gone. In fp16 there are none, as in training. Not thread-safe.
class UnetEvaluations {
 public:
  // If `record` is null, no graphs are recorded.
  explicit UnetEvaluations(RecordGraph record) : graphs_(std::move(record)) {}

  // Does what Unet::Forward does. Where a graph cannot be recorded, nor is any other from then on,
  // and the network is evaluated without. Throws LibTorch's errors.
  at::Tensor Evaluate(const std::shared_ptr<const BaseModel>& model, const at::Tensor& latents,
                      const at::Tensor& timesteps, const BatchPrompts& prompts);

  // Returns the number of graphs that are kept.
  size_t kept() const { return graphs_.kept(); }
  // Returns, once, why graphs are recorded no longer; empty if they are, or never were to be.
  std::string TakeFailure() { return graphs_.TakeFailure(); }

 private:
  // A graph, and the tensors that it reads and writes.
  struct Recorded {
    std::weak_ptr<const BaseModel> model;
    at::Tensor latents;
    at::Tensor timesteps;
    BatchPrompts prompts;
    at::Tensor output;
    std::unique_ptr<DeviceGraph> graph;
  };

  Recorded* Find(const std::shared_ptr<const BaseModel>& model, const at::Tensor& latents,
                 const BatchPrompts& prompts);
  Recorded* Record(const std::shared_ptr<const BaseModel>& model, const at::Tensor& latents,
                   const at::Tensor& timesteps, const BatchPrompts& prompts);

  GraphCache<Recorded> graphs_;
};

}  // namespace imprint::engine
