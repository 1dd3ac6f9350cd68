#include "engine/training/objective.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include <torch/csrc/autograd/autograd.h>

namespace imprint::engine {
namespace {

// In fp16 a gradient of a mean over many numbers would vanish below the least of them: the loss is
// taken times a power of two (Micikevicius et al. 2018, "Mixed Precision Training", section 3.2),
// which changes no other digit. It begins at the same one at every step, so that nothing needs to
// be kept, and becomes less where the gradient is too large for fp16.
constexpr double kFirstLossScale = 1 << 16;
constexpr double kLessLossScale = 1.0 / 16;

// The requests as one.
struct Joined {
  TrainingBatch batch;
  at::Tensor rows;
};

Joined Join(std::span<const GradientRequest> requests) {
  std::vector<at::Tensor> latents, noise, timesteps, ids, places, row_of_place, rows;
  int64_t samples = 0;
  int64_t tokens = 0;
  int64_t vectors = 0;
  for (const auto& [batch, of_concept, total] : requests) {
    latents.push_back(batch.latents);
    noise.push_back(batch.noise);
    timesteps.push_back(batch.timesteps);
    ids.push_back(batch.captions.ids);
    places.push_back(batch.captions.places + tokens);
    row_of_place.push_back(batch.captions.rows + vectors);
    rows.push_back(of_concept.detach());
    samples += batch.captions.count;
    tokens += batch.captions.ids.numel();
    vectors += of_concept.size(0);
  }
  const PromptTensors captions = {samples, at::cat(ids), at::cat(places), at::cat(row_of_place)};
  return {{at::cat(latents), at::cat(noise), at::cat(timesteps), captions}, at::cat(rows)};
}

// Each request's loss [] as a function of `variable`, which requires its gradient.
std::vector<at::Tensor> LossesOf(const ModelParts& model, const TrainingBatch& batch,
                                 const at::Tensor& variable,
                                 std::span<const GradientRequest> requests, Keeping keeping) {
  const at::Tensor context = model.text_encoder.Forward(batch.captions, variable);
  const at::Tensor noisy = model.schedule.AddNoise(batch.latents, batch.noise, batch.timesteps);
  const at::Tensor target = model.schedule.Target(batch.latents, batch.noise, batch.timesteps);
  const at::Tensor prediction =
      model.unet.Forward(noisy, batch.timesteps, model.unet.KeysOf(context), keeping)
          .to(at::kFloat);

  // Each sample's mean squared error, in fp32 whatever the network computed in.
  std::vector<at::Tensor> losses;
  int64_t first = 0;
  for (const GradientRequest& request : requests) {
    const int64_t count = request.batch.latents.size(0);
    const double share = static_cast<double>(count) / static_cast<double>(request.total_samples);
    losses.push_back(
        at::mse_loss(prediction.narrow(0, first, count), target.narrow(0, first, count)) * share);
    first += count;
  }
  return losses;
}

std::vector<LossAndGradient> Apart(const std::vector<at::Tensor>& losses,
                                   const at::Tensor& gradient,
                                   std::span<const GradientRequest> requests) {
  std::vector<LossAndGradient> results;
  int64_t first = 0;
  for (size_t i = 0; i < requests.size(); ++i) {
    const int64_t vectors = requests[i].rows.size(0);
    results.push_back({losses[i].detach(), gradient.narrow(0, first, vectors)});
    first += vectors;
  }
  return results;
}

// Whether a smaller loss scale would not help: a loss that is no number has no gradient at any.
bool FitsFp16(const LossAndGradient& result) {
  return !std::isfinite(result.loss.item<double>()) ||
         result.gradient.isfinite().all().item<bool>();
}

// The gradients, computed on losses that are `scale` times as large.
std::vector<LossAndGradient> ComputeScaled(const ModelParts& model,
                                           std::span<const GradientRequest> requests, double scale,
                                           Keeping keeping) {
  const Joined joined = Join(requests);
  const at::Tensor variable = joined.rows.requires_grad_(true);
  const std::vector<at::Tensor> losses = LossesOf(model, joined.batch, variable, requests, keeping);
  const at::Tensor loss = losses.size() == 1 ? losses[0] : at::stack(losses).sum();
  const at::Tensor gradient = torch::autograd::grad({loss * scale}, {variable})[0] / scale;
  return Apart(losses, gradient, requests);
}

}  // namespace

std::vector<LossAndGradient> ComputeGradients(const ModelParts& model,
                                              std::span<const GradientRequest> requests,
                                              Keeping keeping) {
  if (model.unet.type() != at::kHalf) return ComputeScaled(model, requests, 1, keeping);
  std::vector<LossAndGradient> results(requests.size());
  std::vector<size_t> left(requests.size());
  std::iota(left.begin(), left.end(), 0);
  // Those whose gradient is too large are computed again, which is rare: what the way back needs is
  // not kept for another try. The others keep theirs, which a smaller scale would make less exact.
  for (double scale = kFirstLossScale; !left.empty(); scale *= kLessLossScale) {
    std::vector<GradientRequest> tried;
    for (const size_t i : left) tried.push_back(requests[i]);
    const auto scaled = ComputeScaled(model, tried, scale, keeping);
    std::vector<size_t> too_large;
    for (size_t i = 0; i < left.size(); ++i) {
      results[left[i]] = scaled[i];
      if (scale > 1 && !FitsFp16(scaled[i])) too_large.push_back(left[i]);
    }
    left = std::move(too_large);
  }
  return results;
}

}  // namespace imprint::engine
