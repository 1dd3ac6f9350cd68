// What a network predicts, seen from what it does.
#pragma once

#include <ATen/ATen.h>

#include "engine/model/unet.h"
#include "engine/noise/noise_schedule.h"

namespace imprint {

// Gives the network noise alone, at the schedule's last timestep, where a latent is hardly anything
// else, and `context` [1, length, width]. What predicts noise answers with the noise that it sees,
// whatever its prompt; what predicts v answers with a picture turned over, which has nothing to do
// with it. (AUTOMATIC1111's web UI tells Stable Diffusion 2.x's checkpoints apart alike.)
//
// True if most of the input is in the output: it predicts noise. False says only that it does not.
// One evaluation, of a latent of 16 by 16.
bool AnswersNoiseWithNoise(const Unet& unet, const NoiseSchedule& schedule,
                           const at::Tensor& context);

}  // namespace imprint
