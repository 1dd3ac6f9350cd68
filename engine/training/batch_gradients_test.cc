#include "engine/training/batch_gradients.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/cuda/graph_of_repetition.h"
#include "engine/model/base_model.h"

namespace imprint::engine {
namespace {

constexpr int64_t kSamples = 4;  // of a step

class BatchGradientsTest : public ::testing::Test {
 protected:
  BatchGradientsTest() : model_(Demo(Precision::kFp32)) {
    EXPECT_THAT(concepts_.Add("<disc>", 1, model_->tokenizer()), Succeeds());
    at::manual_seed(3);
  }

  static std::shared_ptr<const BaseModel> Demo(Precision precision) {
    const auto folder = std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo";
    return *BaseModel::Load(folder, {.precision = precision});
  }

  // The concept stands at another place in each sample's caption.
  GradientRequest Request(int64_t samples) {
    std::vector<TokenizedPrompt> captions;
    for (int64_t i = 0; i < samples; ++i) {
      std::string caption = "<disc>";
      for (int64_t words = ++captions_made_ % 5; words > 0; --words) caption = "a " + caption;
      captions.push_back(model_->tokenizer().Encode(caption, concepts_));
    }
    return {{at::randn({samples, 4, 16, 16}), at::randn({samples, 4, 16, 16}),
             at::randint(1000, {samples}, at::kLong), TensorsOf(captions)},
            at::randn({1, model_->info().embedding_width}) * 0.05,
            kSamples};
  }

  std::shared_ptr<const BaseModel> model_;
  ConceptVocabulary concepts_;
  int64_t captions_made_ = 0;
};

// A graph that reads anything but its own tensors would show the first batch for ever.
TEST_F(BatchGradientsTest, OfGraphsAreThoseOfEachBatch) {
  int recorded = 0;
  BatchGradients graphs(model_->parts(), Keeping::kAll, GraphsOfRepetition(recorded));
  for (const int64_t samples : {2, 2, 1, 2, 1}) {
    const GradientRequest request = Request(samples);
    const LossAndGradient wanted = ComputeGradient(model_->parts(), request);
    const LossAndGradient ours = graphs.Compute(request);
    EXPECT_TRUE(ours.loss.equal(wanted.loss));
    EXPECT_TRUE(ours.gradient.equal(wanted.gradient));
  }
  EXPECT_EQ(recorded, 2) << "one graph for each size of a batch";
}

TEST_F(BatchGradientsTest, OfGraphsOfSeveralTrainingsAreEachTrainings) {
  int recorded = 0;
  BatchGradients graphs(model_->parts(), Keeping::kAll, GraphsOfRepetition(recorded));
  for (int round = 0; round < 2; ++round) {
    const std::vector<GradientRequest> requests = {Request(1), Request(2)};
    const auto wanted = ComputeGradients(model_->parts(), requests);
    const auto ours = graphs.Compute(requests);
    ASSERT_EQ(ours.size(), 2U);
    for (size_t i = 0; i < ours.size(); ++i) {
      EXPECT_TRUE(ours[i].loss.equal(wanted[i].loss));
      EXPECT_TRUE(ours[i].gradient.equal(wanted[i].gradient));
    }
  }
  EXPECT_EQ(recorded, 1);
}

TEST_F(BatchGradientsTest, OfShapesThatCameLongAgoAreRecordedAgain) {
  int recorded = 0;
  BatchGradients graphs(model_->parts(), Keeping::kAll, GraphsOfRepetition(recorded));
  const auto record = [&](int64_t samples) { graphs.Compute(Request(samples)); };
  for (int64_t samples = 1; samples <= 5; ++samples) record(samples);
  EXPECT_EQ(recorded, 5);
  record(5);
  EXPECT_EQ(recorded, 5) << "the newest are kept";
  record(1);
  EXPECT_EQ(recorded, 6);
  EXPECT_EQ(graphs.recorded(), recorded);
}

TEST_F(BatchGradientsTest, AreComputedWithoutTheGraphThatCannotBeRecorded) {
  int tries = 0;
  BatchGradients graphs(model_->parts(), Keeping::kAll,
                        [&](const std::function<void()>&) -> std::unique_ptr<DeviceGraph> {
                          ++tries;
                          throw std::runtime_error("the driver is too old");
                        });
  EXPECT_EQ(graphs.failure(), "");
  for (int i = 0; i < 2; ++i) {
    const GradientRequest request = Request(1);
    EXPECT_TRUE(
        graphs.Compute(request).gradient.equal(ComputeGradient(model_->parts(), request).gradient));
  }
  EXPECT_EQ(tries, 1);
  EXPECT_EQ(graphs.recorded(), 0);
  EXPECT_EQ(graphs.failure(), "the driver is too old");
}

TEST_F(BatchGradientsTest, OfFp16AreNotRecorded) {
  const auto half = Demo(Precision::kFp16);
  int recorded = 0;
  BatchGradients graphs(half->parts(), Keeping::kAll, GraphsOfRepetition(recorded));
  graphs.Compute(Request(1));
  EXPECT_EQ(recorded, 0);
}

}  // namespace
}  // namespace imprint::engine
