#include "engine/sampling/picture_slot.h"

#include <utility>

#include "engine/model/model_parts.h"

namespace imprint::engine {
namespace {

// Guided outputs with the deviation of the prompt's own (Lin et al. 2023, equations 15 and 16).
at::Tensor Rescaled(const at::Tensor& guided, const at::Tensor& positive, double share) {
  return guided * (share * positive.std() / guided.std() + (1 - share));
}

}  // namespace

PictureSlot::PictureSlot(const BaseModel& model, const PictureRequest& request, PromptKeys prompts,
                         NoiseSource noise, const std::optional<Origin>& origin)
    : guidance_(request.guidance),
      guidance_rescale_(request.guidance_rescale),
      noise_(std::move(noise)),
      solver_(MakeSolver(model.parts().schedule, request.solver, request.steps, request.eta)),
      prompts_(std::move(prompts)) {
  const at::Device device = model.parts().device;
  if (origin) {
    step_ = FirstEvaluation(request.solver, request.steps, origin->strength);
    const NoiseLevel level = solver_->LevelAt(step_);
    latent_ = level.signal * origin->latent +
              level.deviation * noise_.Draw(origin->latent.sizes()).to(device);
  } else {
    const int64_t factor = model.parts().vae_config.Factor();
    latent_ = solver_->FirstDeviation() *
              noise_.Draw({4, request.height / factor, request.width / factor}).to(device);
  }
}

void PictureSlot::Advance(const at::Tensor& outputs) {
  // [1, 4, h, w] without guidance; with it [2, 4, h, w], of which the negative prompt's comes first
  // (PromptCache::Context).
  at::Tensor output = outputs[0];
  if (outputs.size(0) == 2) {
    // Ho & Salimans 2022, "Classifier-Free Diffusion Guidance", with Diffusers' scale, of which 1
    // is none.
    output = outputs[0] + guidance_ * (outputs[1] - outputs[0]);
    if (guidance_rescale_ > 0) output = Rescaled(output, outputs[1], guidance_rescale_);
  }
  latent_ = solver_->Step(step_, output, latent_, noise_);
  ++step_;
}

}  // namespace imprint::engine
