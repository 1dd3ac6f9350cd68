#include "engine/sampling/picture_slot.h"

#include "engine/model/model_parts.h"
#include "engine/noise/ddim.h"

namespace imprint {

PictureSlot::PictureSlot(const BaseModel& model, const PictureRequest& request, size_t index,
                         PromptCache& prompts)
    : index_(index),
      guidance_(request.guidance),
      noise_(request.seed),
      solver_(MakeDdim(model.parts().schedule, request.steps)) {
  const at::Tensor positive = prompts.Encode(request.prompt);
  context_ = guidance_ > 1 ? at::stack({prompts.Encode(request.negative_prompt), positive})
                           : positive.unsqueeze(0);
  const int64_t factor = model.parts().vae_config.Factor();
  latent_ = noise_.Draw({4, request.height / factor, request.width / factor})
                .to(model.parts().compute.device);
}

void PictureSlot::Advance(const at::Tensor& outputs) {
  const at::Tensor output =
      outputs.size(0) == 1 ? outputs[0] : outputs[0] + guidance_ * (outputs[1] - outputs[0]);
  latent_ = solver_->Step(step_, output, latent_, noise_);
  ++step_;
}

}  // namespace imprint
