#include "engine/model/safety_checker.h"

#include <cmath>

namespace imprint::engine {
namespace {

// What a special-care concept that was found adds to every score after it (Diffusers'
// StableDiffusionSafetyChecker).
constexpr double kCareAdjustment = 0.01;

at::Tensor UnitRows(const at::Tensor& rows) {
  // The least norm is that of torch.nn.functional.normalize.
  return rows / rows.norm(2, {-1}, /*keepdim=*/true).clamp_min(1e-12);
}

// Half to even, as Python's round.
double RoundToThousandth(double value) { return std::nearbyint(value * 1000.0) / 1000.0; }

}  // namespace

SafetyChecker::SafetyChecker(const WeightScope& weights, const ClipVisionConfig& config,
                             int64_t projection_width, int64_t concepts, int64_t special_care)
    : vision_(weights.In("vision_model"), config),
      projection_(weights.In("visual_projection"), config.tower.width, projection_width,
                  /*bias=*/false),
      concepts_(UnitRows(weights.Take("concept_embeds", {concepts, projection_width}))),
      concept_thresholds_(weights.Take("concept_embeds_weights", {concepts})),
      special_(UnitRows(weights.Take("special_care_embeds", {special_care, projection_width}))),
      special_thresholds_(weights.Take("special_care_embeds_weights", {special_care})) {}

std::vector<SafetyScores> SafetyChecker::Check(const at::Tensor& pixels) const {
  const at::Tensor features = UnitRows(projection_(vision_.Forward(pixels)));
  const auto margins = [&](const at::Tensor& directions, const at::Tensor& thresholds) {
    return (at::linear(features, directions).to(at::kDouble) - thresholds.to(at::kDouble))
        .cpu()
        .contiguous();
  };
  const at::Tensor special = margins(special_, special_thresholds_);
  const at::Tensor concepts = margins(concepts_, concept_thresholds_);

  std::vector<SafetyScores> verdicts(pixels.size(0));
  for (size_t i = 0; i < verdicts.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    double adjustment = 0.0;
    for (int64_t k = 0; k < special.size(1); ++k) {
      const double score = RoundToThousandth(special[row][k].item<double>() + adjustment);
      if (score > 0) adjustment = kCareAdjustment;
      verdicts[i].special_care.push_back(score);
    }
    for (int64_t k = 0; k < concepts.size(1); ++k) {
      verdicts[i].concepts.push_back(
          RoundToThousandth(concepts[row][k].item<double>() + adjustment));
    }
  }
  return verdicts;
}

}  // namespace imprint::engine
