// One picture on its way from noise to its final latent.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <ATen/ATen.h>

#include "engine/model/base_model.h"
#include "engine/model/unet.h"
#include "engine/noise/noise_source.h"
#include "engine/noise/solver.h"
#include "engine/sampling/picture_request.h"

namespace imprint::engine {

// What a picture starts from instead of noise alone (Meng et al. 2022, "SDEdit").
struct Origin {
  at::Tensor latent;  // [4, h, w], clean
  double strength;    // share of the steps that are still taken, above 0, at most 1
};

// Slots of one latent size and context length step together in a batch, each at its own timestep,
// with its own prompt, guidance and number of steps. Not thread-safe.
class PictureSlot {
 public:
  // `prompts` is what the UNet reads of the request's prompts: negative and positive or, without
  // guidance, the positive alone. `noise` is the picture's own and continues from its current
  // state.
  PictureSlot(const BaseModel& model, const PictureRequest& request, PromptKeys prompts,
              NoiseSource noise, const std::optional<Origin>& origin = std::nullopt);

  bool done() const { return step_ == static_cast<int>(solver_->timesteps().size()); }
  // Returns the network's input at this step, [4, h, w] fp32.
  at::Tensor input() const { return solver_->InputScale(step_) * latent_; }
  const at::Tensor& latent() const { return latent_; }  // [4, h, w] fp32
  double timestep() const { return solver_->timesteps()[static_cast<size_t>(step_)]; }

  const PromptKeys& prompts() const { return prompts_; }
  // Returns how many prompts to run this slot's latent with: 2, or 1 without guidance.
  int64_t prompt_count() const { return prompts_.front().size(0); }
  const NoiseSource& noise() const { return noise_; }

  // Advances by one step, given the network's outputs for those prompts, [prompt_count(), 4, h, w].
  void Advance(const at::Tensor& outputs);

 private:
  double guidance_;
  double guidance_rescale_;
  NoiseSource noise_;
  std::unique_ptr<Solver> solver_;
  PromptKeys prompts_;
  at::Tensor latent_;
  int step_ = 0;
};

}  // namespace imprint::engine
