#include "engine/sampling/unet_evaluations.h"

#include <cstddef>

#include "engine/model/model_parts.h"

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
  graphs_.EraseIf([](const Recorded& each) { return each.model.expired(); });
  return graphs_.Find([&](const Recorded& each) {
    return each.model.lock() == model && each.latents.sizes() == latents.sizes() &&
           each.prompts.keys.front().sizes() == prompts.keys.front().sizes();
  });
}

UnetEvaluations::Recorded* UnetEvaluations::Record(const std::shared_ptr<const BaseModel>& model,
                                                   const at::Tensor& latents,
                                                   const at::Tensor& timesteps,
                                                   const BatchPrompts& prompts) {
  const Unet& unet = model->parts().unet;
  if (unet.type() == at::kHalf) return nullptr;
  return graphs_.Record([&](Recorded& entry) {
    entry.model = model;
    entry.latents = latents.clone();
    entry.timesteps = timesteps.clone();
    entry.prompts.version = prompts.version;
    for (const at::Tensor& keys : prompts.keys) entry.prompts.keys.push_back(keys.clone());
    entry.output = unet.Forward(entry.latents, entry.timesteps, entry.prompts.keys);
    return [&unet, &entry] {
      entry.output.copy_(unet.Forward(entry.latents, entry.timesteps, entry.prompts.keys));
    };
  });
}

}  // namespace imprint::engine
