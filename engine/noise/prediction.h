// Converts a network's output to the clean latent and to the noise in its input.
#pragma once

#include <ATen/ATen.h>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// Returns the clean latent in `latent`, at a level with signal² + deviation² = 1. Any shape.
inline at::Tensor CleanLatent(PredictionType prediction, const NoiseLevel& level,
                              const at::Tensor& latent, const at::Tensor& output) {
  if (prediction == PredictionType::kVelocity) {
    return level.signal * latent - level.deviation * output;
  }
  return (latent - level.deviation * output) / level.signal;
}

// Returns the noise in it.
inline at::Tensor NoiseIn(PredictionType prediction, const NoiseLevel& level,
                          const at::Tensor& latent, const at::Tensor& output) {
  if (prediction == PredictionType::kVelocity) {
    return level.signal * output + level.deviation * latent;
  }
  return output;
}

}  // namespace imprint::engine
