#include "engine/training/objective.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/model/base_model.h"

namespace imprint::engine {
namespace {

std::shared_ptr<const BaseModel> Demo(Precision precision) {
  const auto folder = std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo";
  return *BaseModel::Load(folder, {.precision = precision});
}

// Of two captions with the concept's one vector.
LossAndGradient GradientIn(Precision precision, double size, int64_t total_samples = 2) {
  const auto model = Demo(precision);
  ConceptVocabulary concepts;
  EXPECT_THAT(concepts.Add("<disc>", 1, model->tokenizer()), Succeeds());
  TrainingBatch batch;
  at::manual_seed(3);
  batch.latents = at::randn({2, 4, 16, 16});
  batch.noise = at::randn({2, 4, 16, 16}) * size;
  batch.timesteps = at::tensor({100, 700}, at::kLong);
  std::vector<TokenizedPrompt> captions;
  for (const char* caption : {"a photo of <disc>", "<disc> in the snow"}) {
    captions.push_back(model->tokenizer().Encode(caption, concepts));
  }
  batch.captions = TensorsOf(captions);
  const at::Tensor rows = at::randn({1, model->info().embedding_width}) * 0.05;
  return ComputeGradient(model->parts(), batch, rows, total_samples);
}

double RelativeError(const at::Tensor& ours, const at::Tensor& theirs) {
  return ((ours - theirs).norm() / theirs.norm()).item<double>();
}

TEST(ComputeGradient, OfHalfPrecisionIsNearThatOfFp32) {
  const LossAndGradient full = GradientIn(Precision::kFp32, 1);
  for (const Precision precision : {Precision::kBf16, Precision::kFp16}) {
    const LossAndGradient ours = GradientIn(precision, 1);
    EXPECT_EQ(ours.gradient.scalar_type(), at::kFloat);
    const auto wanted = full.loss.item<double>();
    EXPECT_NEAR(ours.loss.item<double>(), wanted, 0.02 * wanted) << Name(precision);
    EXPECT_LT(RelativeError(ours.gradient, full.gradient), 0.15) << Name(precision);
  }
}

// fp16 has more digits than bf16, as long as nothing vanishes.
TEST(ComputeGradient, OfFp16IsNearerThanThatOfBf16) {
  const at::Tensor full = GradientIn(Precision::kFp32, 1).gradient;
  EXPECT_LT(RelativeError(GradientIn(Precision::kFp16, 1).gradient, full),
            RelativeError(GradientIn(Precision::kBf16, 1).gradient, full) / 2);
}

// Unscaled, each of these would be below what fp16 holds.
TEST(ComputeGradient, OfFp16DoesNotVanishWhereTheGradientIsSmall) {
  constexpr int64_t kManySamples = 100'000;
  const LossAndGradient full = GradientIn(Precision::kFp32, 1, kManySamples);
  const LossAndGradient ours = GradientIn(Precision::kFp16, 1, kManySamples);
  EXPECT_LT(RelativeError(ours.gradient, full.gradient), 0.15);
}

// A target so far away that the first loss scale takes the gradient beyond what fp16 holds.
TEST(ComputeGradient, OfFp16ScalesLessWhereTheGradientIsLarge) {
  const LossAndGradient full = GradientIn(Precision::kFp32, 300);
  const LossAndGradient ours = GradientIn(Precision::kFp16, 300);
  EXPECT_TRUE(ours.gradient.isfinite().all().item<bool>());
  EXPECT_LT(RelativeError(ours.gradient, full.gradient), 0.15);
}

}  // namespace
}  // namespace imprint::engine
