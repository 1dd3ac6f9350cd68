#include "engine/model/prediction_seen.h"

#include "engine/noise/noise_source.h"

namespace imprint::engine {

bool AnswersNoiseWithNoise(const Unet& unet, const NoiseSchedule& schedule,
                           const at::Tensor& context) {
  const c10::InferenceMode no_autograd;
  constexpr int64_t kSide = 16;
  const at::Tensor noise = NoiseSource(1).Draw({1, 4, kSide, kSide}).to(context.device());
  const at::Tensor timestep =
      at::full({1}, schedule.timesteps() - 1, at::device(context.device()).dtype(at::kLong));
  const at::Tensor output = unet.Forward(noise, timestep, unet.KeysOf(context)).to(at::kFloat);
  // How often the input is in the output: the slope of a line through both (least squares).
  const double share = ((output * noise).sum() / noise.square().sum()).item<double>();
  return share > 0.5;
}

}  // namespace imprint::engine
