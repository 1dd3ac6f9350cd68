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
GradientRequest Request(const BaseModel& model, double size, int64_t total_samples = 2) {
  ConceptVocabulary concepts;
  EXPECT_THAT(concepts.Add("<disc>", 1, model.tokenizer()), Succeeds());
  TrainingBatch batch;
  batch.latents = at::randn({2, 4, 16, 16});
  batch.noise = at::randn({2, 4, 16, 16}) * size;
  batch.timesteps = at::tensor({100, 700}, at::kLong);
  std::vector<TokenizedPrompt> captions;
  for (const char* caption : {"a photo of <disc>", "<disc> in the snow"}) {
    captions.push_back(model.tokenizer().Encode(caption, concepts));
  }
  batch.captions = TensorsOf(captions);
  return {batch, at::randn({1, model.info().embedding_width}) * 0.05, total_samples};
}

LossAndGradient GradientIn(Precision precision, double size, int64_t total_samples = 2) {
  const auto model = Demo(precision);
  at::manual_seed(3);
  return ComputeGradient(model->parts(), Request(*model, size, total_samples));
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

// Of trainings with different numbers of vectors and samples, and steps of different sizes.
TEST(ComputeGradients, OfSeveralTrainingsAreThoseOfEach) {
  const auto model = Demo(Precision::kFp32);
  at::manual_seed(3);
  const GradientRequest one = Request(*model, 1);
  const GradientRequest other = {one.batch, one.rows * 2, 7};
  const GradientRequest third = Request(*model, 2);
  const std::vector<GradientRequest> all = {one, other, third};
  const auto together = ComputeGradients(model->parts(), all);
  ASSERT_EQ(together.size(), 3U);
  for (size_t i = 0; i < all.size(); ++i) {
    const LossAndGradient alone = ComputeGradient(model->parts(), all[i]);
    EXPECT_NEAR(together[i].loss.item<double>(), alone.loss.item<double>(), 1e-5);
    EXPECT_LT(RelativeError(together[i].gradient, alone.gradient), 1e-4) << i;
  }
}

// One's gradient does not fit at the first loss scale, and the other's would vanish at a smaller
// one.
TEST(ComputeGradients, EachHasTheLossScaleThatItNeeds) {
  const auto model = Demo(Precision::kFp16);
  at::manual_seed(3);
  const std::vector<GradientRequest> requests = {Request(*model, 300), Request(*model, 1, 100'000)};
  const auto together = ComputeGradients(model->parts(), requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    const LossAndGradient alone = ComputeGradient(model->parts(), requests[i]);
    EXPECT_TRUE(alone.gradient.isfinite().all().item<bool>());
    EXPECT_LT(RelativeError(together[i].gradient, alone.gradient), 0.02) << i;
  }
}

// The sound one's gradient is so small that fp16 needs the first loss scale for it: the broken one
// must not bring that down.
TEST(ComputeGradients, OneThatComesToNoNumberHarmsNoOther) {
  for (const Precision precision : {Precision::kFp32, Precision::kFp16}) {
    const auto model = Demo(precision);
    at::manual_seed(3);
    const GradientRequest sound = Request(*model, 1, 100'000);
    GradientRequest broken = Request(*model, 1);
    broken.rows = broken.rows / 0;
    const auto together =
        ComputeGradients(model->parts(), std::vector<GradientRequest>{broken, sound});
    const LossAndGradient alone = ComputeGradient(model->parts(), sound);
    EXPECT_FALSE(together[0].loss.isfinite().item<bool>()) << Name(precision);
    EXPECT_TRUE(together[1].gradient.isfinite().all().item<bool>()) << Name(precision);
    EXPECT_LT(RelativeError(together[1].gradient, alone.gradient), 0.02) << Name(precision);
  }
}

}  // namespace
}  // namespace imprint::engine
