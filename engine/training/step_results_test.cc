#include "engine/training/step_results.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

at::Tensor Number(double value) { return at::full({}, value, at::kDouble); }

void Note(StepResults& results, double loss, double told = 0, double finite = 1) {
  results.Note(Number(loss), Number(told), Number(finite));
}

TEST(StepResults, AreReadInTheOrderOfTheSteps) {
  StepResults results({0.5F}, 1);
  Note(results, 0.25);
  Note(results, 0.125);
  EXPECT_THAT(results.losses(), ElementsAre(0.5F)) << "nobody has read yet";
  EXPECT_THAT(results.Read(1), Succeeds());
  EXPECT_THAT(results.losses(), ElementsAre(0.5F, 0.25F, 0.125F));
  EXPECT_THAT(results.Read(1), Succeeds());
  EXPECT_EQ(results.losses().size(), 3u);
}

TEST(StepResults, RememberThatARankWasToldToStop) {
  StepResults results;
  Note(results, 1, /*told=*/2);
  Note(results, 1);
  EXPECT_FALSE(results.told_to_stop());
  EXPECT_THAT(results.Read(1), Succeeds());
  EXPECT_TRUE(results.told_to_stop());
}

TEST(StepResults, NameTheFirstStepThatCameToNoNumber) {
  StepResults results({0.5F}, 1);
  Note(results, 1);
  Note(results, kNoNumber);
  Note(results, kNoNumber);
  EXPECT_THAT(results.Read(0.25), Fails(absl::StatusCode::kFailedPrecondition,
                                        HasSubstr("the loss is not a number at step 3; "
                                                  "learning_rate: got 0.25")));
  StepResults vectors({}, 10);  // of a rank that joined late
  Note(vectors, 1);
  Note(vectors, 1, 0, /*finite=*/0);
  EXPECT_THAT(vectors.Read(1), Fails(absl::StatusCode::kFailedPrecondition,
                                     HasSubstr("a vector is not a number at step 12")));
}

}  // namespace
}  // namespace imprint::engine
