// One picture on its way from noise.
#pragma once

#include <cstddef>
#include <memory>

#include <ATen/ATen.h>

#include "engine/model/base_model.h"
#include "engine/noise/solver.h"
#include "engine/sampling/picture_request.h"

namespace imprint {

// Slots of one latent size and context length step together in a batch, each at its own timestep,
// with its own prompt, guidance and number of steps. Not thread-safe.
class PictureSlot {
 public:
  // `index` is the caller's name for the picture; `context` is the request's, from a PromptCache.
  PictureSlot(const BaseModel& model, const PictureRequest& request, size_t index,
              at::Tensor context);

  size_t index() const { return index_; }
  bool done() const { return step_ == static_cast<int>(solver_->timesteps().size()); }
  // [4, h, w] fp32, as the network takes it at this step.
  at::Tensor input() const { return solver_->InputScale(step_) * latent_; }
  const at::Tensor& latent() const { return latent_; }  // [4, h, w] fp32
  double timestep() const { return solver_->timesteps()[static_cast<size_t>(step_)]; }

  // The prompts to run this slot's latent with: negative and positive [2, tokens, width], or the
  // positive alone [1, ...] without guidance.
  const at::Tensor& context() const { return context_; }

  // Takes the network's outputs for those prompts, [context().size(0), 4, h, w], and steps.
  void Advance(const at::Tensor& outputs);

 private:
  size_t index_;
  double guidance_;
  double guidance_rescale_;
  NoiseSource noise_;
  std::unique_ptr<Solver> solver_;
  at::Tensor context_;
  at::Tensor latent_;
  int step_ = 0;
};

}  // namespace imprint
