// Finds out from a network's behaviour what it predicts.
#pragma once

#include <ATen/ATen.h>

#include "engine/model/unet.h"
#include "engine/noise/noise_schedule.h"

namespace imprint::engine {

// Gives the network noise alone, at the schedule's last timestep, where a latent is hardly anything
// else, and `context` [1, length, width]. A network that predicts noise answers with the noise that
// it sees, whatever its prompt; one that predicts v answers with a negated picture, which has
// nothing to do with the noise. (AUTOMATIC1111's web UI tells Stable Diffusion 2.x's checkpoints
// apart in the same way.)
//
// Returns true if most of the input is in the output: the network predicts noise. False says only
// that it does not. Takes one evaluation, of a latent of 16 by 16.
bool AnswersNoiseWithNoise(const Unet& unet, const NoiseSchedule& schedule,
                           const at::Tensor& context);

}  // namespace imprint::engine
