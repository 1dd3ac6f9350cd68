// The networks of a base model.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/model/clip_text_encoder.h"
#include "engine/model/safety_checker.h"
#include "engine/model/unet.h"
#include "engine/model/vae.h"
#include "engine/noise/noise_schedule.h"

namespace imprint::engine {

struct ModelParts {
  at::Device device;
  VaeConfig vae_config;
  // Side in latents of the square that the model was trained at.
  int64_t latent_side;
  ClipTextEncoder text_encoder;
  Unet unet;
  VaeEncoder vae_encoder;
  VaeDecoder vae_decoder;
  NoiseSchedule schedule;
  std::optional<SafetyChecker> safety_checker;
};

}  // namespace imprint::engine
