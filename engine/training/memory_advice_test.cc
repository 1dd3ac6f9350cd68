#include "engine/training/memory_advice.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr StepShape kGiven = {
    .batch = 6, .accumulation = 2, .side = 512, .gradient_checkpointing = false};

// With memory for so much: a sample of 64 pixels a side takes 1, or a fourth of that with gradient
// checkpointing.
std::string Advice(double memory, const StepShape& given = kGiven,
                   Precision precision = Precision::kFp32) {
  const auto fits = [&](const StepShape& shape) {
    const double sample = (shape.side / 64.0) * (shape.side / 64.0);
    return shape.batch * sample / (shape.gradient_checkpointing ? 4 : 1) <= memory;
  };
  return std::string(
      WithMemoryAdvice(absl::ResourceExhaustedError("out of memory"), given, 64, precision, fits)
          .message());
}

TEST(WithMemoryAdvice, NamesTheLargestBatchThatFits) {
  EXPECT_THAT(Advice(64 * 3), HasSubstr("out of memory; batch: got 6; batch 3 with accumulation 4 "
                                        "is the same training, and fits"));
  EXPECT_THAT(Advice(64 * 2.9), HasSubstr("batch 2 with accumulation 6 "));
  EXPECT_THAT(Advice(64), HasSubstr("batch 1 with accumulation 12 "));
}

TEST(WithMemoryAdvice, NamesGradientCheckpointingWhereNoBatchFits) {
  EXPECT_THAT(Advice(63),
              HasSubstr("checkpointing: got none; with --gradient-checkpointing, batch 3"));
  EXPECT_THAT(Advice(16), HasSubstr("-checkpointing, batch 1 with accumulation 12"));
}

TEST(WithMemoryAdvice, NamesASizeWhereNothingElseFits) {
  EXPECT_THAT(Advice(9), HasSubstr("size: got 512; 384 fits, with batch 1 with accumulation 12 and "
                                   "gradient checkpointing"));
  EXPECT_THAT(Advice(4), HasSubstr("size: got 512; 256 fits"));
  EXPECT_THAT(Advice(3), HasSubstr("nothing smaller fits"));
  EXPECT_THAT(Advice(3), HasSubstr("bf16 takes half"));
  EXPECT_THAT(Advice(3, kGiven, Precision::kBf16), Not(HasSubstr("bf16")));
  // A size of a third would be no size at all.
  EXPECT_THAT(Advice(0, {.batch = 1, .accumulation = 1, .side = 64}),
              HasSubstr("nothing smaller fits"));
}

TEST(WithMemoryAdvice, SaysIfItWasSomethingElseThatTookTheMemory) {
  EXPECT_THAT(Advice(1000), HasSubstr("a step by itself fits"));
}

TEST(WithMemoryAdvice, SaysNothingOfOtherErrors) {
  const auto never = [](const StepShape&) {
    ADD_FAILURE() << "nothing is tried";
    return true;
  };
  const absl::Status full = absl::ResourceExhaustedError("disk full");
  EXPECT_EQ(WithMemoryAdvice(full, kGiven, 64, Precision::kFp32, never), full);
  EXPECT_EQ(WithMemoryAdvice(absl::OkStatus(), kGiven, 64, Precision::kFp32, never),
            absl::OkStatus());
}

}  // namespace
}  // namespace imprint::engine
