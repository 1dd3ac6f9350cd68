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
  if (recorded == nullptr && record_) recorded = Record(model, latents, timesteps, prompts);
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
  if (recorded_.size() >= kMostGraphs) recorded_.pop_back();
  Recorded& made = recorded_.emplace_front(
      Recorded{model, latents.clone(), timesteps.clone(), {}, at::empty_like(latents), nullptr});
  for (const at::Tensor& keys : prompts.keys) made.prompts.keys.push_back(keys.clone());
  made.prompts.version = prompts.version;
  made.output = model->parts().unet.Forward(made.latents, made.timesteps, made.prompts.keys);
  try {
    made.graph = record_([unet = &model->parts().unet, &made] {
      made.output.copy_(unet->Forward(made.latents, made.timesteps, made.prompts.keys));
    });
  } catch (...) {
    const absl::Status failed = StatusFromCurrentException();
    recorded_.clear();
    if (IsDeviceError(failed)) throw;
    failure_ = std::string(failed.message());
    record_ = nullptr;
    return nullptr;
  }
  return &made;
}

}  // namespace imprint::engine
