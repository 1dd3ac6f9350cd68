#include "engine/training/memory_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint {
namespace {

using ::testing::HasSubstr;

std::string Advice(int batch, int accumulation) {
  TrainingRecipe recipe;
  recipe.batch = batch;
  recipe.accumulation = accumulation;
  return std::string(
      WithMemoryAdvice(absl::ResourceExhaustedError("out of memory"), recipe).message());
}

TEST(WithMemoryAdvice, KeepsTheSamplesOfAStep) {
  EXPECT_THAT(Advice(4, 1), HasSubstr("batch 2 with accumulation 2 is the same"));
  EXPECT_THAT(Advice(6, 2), HasSubstr("batch 3 with accumulation 4 is the same"));
  EXPECT_THAT(Advice(3, 2), HasSubstr("batch 1 with accumulation 6 is the same"));
  EXPECT_THAT(Advice(1, 8), HasSubstr("size: a smaller one"));
}

TEST(WithMemoryAdvice, SaysNothingOfOtherErrors) {
  const absl::Status full = absl::ResourceExhaustedError("disk full");
  EXPECT_EQ(WithMemoryAdvice(full, {}), full);
  EXPECT_EQ(WithMemoryAdvice(absl::OkStatus(), {}), absl::OkStatus());
}

}  // namespace
}  // namespace imprint
