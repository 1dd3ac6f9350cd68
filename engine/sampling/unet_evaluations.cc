#include "engine/sampling/unet_evaluations.h"

#include <algorithm>
#include <utility>

#include "engine/model/model_parts.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {

at::Tensor UnetEvaluations::Evaluate(const std::shared_ptr<const BaseModel>& model,
                                     const at::Tensor& latents, const at::Tensor& timesteps,
                                     const BatchPrompts& prompts) {
  Recorded* recorded = Find(model, latents, prompts);
  if (recorded == nullptr) recorded = Record(model, latents, timesteps, prompts);
  if (recorded == nullptr) {
    return model->parts().unet.Forward(latents, timesteps, prompts.keys);
  }
  recorded->latents.copy_(latents);
  recorded->timesteps.copy_(timesteps);
  if (recorded->prompts.version != prompts.version) {
    for (size_t i = 0; i < prompts.keys.size(); ++i) {
      recorded->prompts.keys[i].copy_(prompts.keys[i]);
    }
    recorded->prompts.version = prompts.version;
  }
  recorded->graph->Replay();
  // The next replay writes over it.
  return recorded->output.clone();
}

UnetEvaluations::Recorded* UnetEvaluations::Find(const std::shared_ptr<const BaseModel>& model,
                                                 const at::Tensor& latents,
                                                 const BatchPrompts& prompts) {
  // A graph has the addresses of its model's weights.
  recorded_.remove_if([](const Recorded& each) { return each.model.expired(); });
  const auto found = std::find_if(recorded_.begin(), recorded_.end(), [&](const Recorded& each) {
    return each.model.lock() == model && each.latents.sizes() == latents.sizes() &&
           each.prompts.keys.front().sizes() == prompts.keys.front().sizes();
  });
  if (found == recorded_.end()) return nullptr;
  recorded_.splice(recorded_.begin(), recorded_, found);
  return &recorded_.front();
}

UnetEvaluations::Recorded* UnetEvaluations::Record(const std::shared_ptr<const BaseModel>& model,
                                                   const at::Tensor& latents,
                                                   const at::Tensor& timesteps,
                                                   const BatchPrompts& prompts) {
  const Unet& unet = model->parts().unet;
  if (!record_ || unet.type() == at::kHalf) return nullptr;
  try {
    if (recorded_.size() >= kMostGraphs) recorded_.pop_back();
    // Where the graph finds its tensors stays the same when the node joins the others.
    std::list<Recorded> made(1);
    Recorded& entry = made.front();
    entry.model = model;
    entry.latents = latents.clone();
    entry.timesteps = timesteps.clone();
    entry.prompts.version = prompts.version;
    for (const at::Tensor& keys : prompts.keys) entry.prompts.keys.push_back(keys.clone());
    entry.output = unet.Forward(entry.latents, entry.timesteps, entry.prompts.keys);
    entry.graph = record_([&unet, &entry] {
      entry.output.copy_(unet.Forward(entry.latents, entry.timesteps, entry.prompts.keys));
    });
    recorded_.splice(recorded_.begin(), made);
    return &recorded_.front();
  } catch (...) {
    // Whether the device itself has failed shows when the network is evaluated without.
    failure_ = std::string(StatusFromCurrentException().message());
    recorded_.clear();
    record_ = nullptr;
    return nullptr;
  }
}

}  // namespace imprint::engine
