#include "engine/training/latent_dataset.h"

#include <algorithm>
#include <vector>

#include <c10/core/GradMode.h>

#include "engine/model/picture_tensor.h"

namespace imprint::engine {
namespace {

// Encoding is done once: small batches bound the memory.
constexpr size_t kEncodeBatch = 4;

}  // namespace

LatentDataset::LatentDataset(const ModelParts& model, std::span<const RgbImage> pictures,
                             bool with_flips, const std::function<void()>& on_work)
    : scale_(model.vae_config.scaling_factor) {
  const c10::NoGradGuard no_autograd;
  std::vector<at::Tensor> means;
  std::vector<at::Tensor> deviations;
  for (const bool flipped : {false, true}) {
    if (flipped && !with_flips) continue;
    for (size_t first = 0; first < pictures.size(); first += kEncodeBatch) {
      const auto part = pictures.subspan(first, std::min(kEncodeBatch, pictures.size() - first));
      const at::Tensor pixels = VaePixels(ByteTensor(part)).to(model.device);
      const LatentDistribution latents =
          model.vae_encoder.Forward(flipped ? pixels.flip({3}) : pixels);
      means.push_back(latents.mean.to(at::kFloat));
      deviations.push_back(latents.deviation.to(at::kFloat));
      on_work();
    }
  }
  const int64_t sides = with_flips ? 2 : 1;
  mean_ = at::cat(means).unflatten(0, {sides, -1});
  deviation_ = at::cat(deviations).unflatten(0, {sides, -1});
}

at::Tensor LatentDataset::Sample(std::span<const Choice> choices, const at::Tensor& noise) const {
  std::vector<at::Tensor> means;
  std::vector<at::Tensor> deviations;
  for (const auto& [picture, flipped] : choices) {
    const int64_t side = flipped ? 1 : 0;
    means.push_back(mean_[side][picture]);
    deviations.push_back(deviation_[side][picture]);
  }
  return scale_ * (at::stack(means) + at::stack(deviations) * noise);
}

}  // namespace imprint::engine
