#include "engine/training/checkpoint.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using Parts = std::vector<std::string>;

TrainingCheckpoint Example() {
  return {.step = 2,
          .vectors = 1,
          .width = 3,
          .rows = {1, 2, 3},
          .first_moment = {4, 5, 6},
          .second_moment = {7, 8, 9},
          .row_sum = {10, 11, 12},
          .losses = {0.5, 0.25},
          .run = {{"recipe", "{}"}, {"token", "<mia>"}}};
}

absl::StatusOr<TrainingCheckpoint> Parse(const std::string& bytes) {
  return ParseCheckpoint(std::as_bytes(std::span(bytes)), "checkpoint.safetensors");
}

TEST(Checkpoint, WhatIsWrittenIsRead) {
  ASSERT_OK_AND_ASSIGN(const TrainingCheckpoint read, Parse(SerializeCheckpoint(Example())));
  EXPECT_EQ(SerializeCheckpoint(read), SerializeCheckpoint(Example()));
  EXPECT_EQ(read.step, 2);
  EXPECT_EQ(read.run.at("token"), "<mia>");
  EXPECT_EQ(read.second_moment, Example().second_moment);
  EXPECT_EQ(read.row_sum, Example().row_sum);
}

TEST(Checkpoint, IsAFewKilobytes) {
  TrainingCheckpoint real = Example();
  real.width = 768;
  real.rows = real.first_moment = real.second_moment = real.row_sum = std::vector<float>(768);
  real.step = 500;
  real.losses = std::vector<float>(500);
  EXPECT_LT(SerializeCheckpoint(real).size(), 16'000u);
}

TEST(Checkpoint, DamageIsRefused) {
  const std::string whole = SerializeCheckpoint(Example());
  for (size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_THAT(Parse(whole.substr(0, size)), RefusesNaming(Parts{"checkpoint.safetensors"}));
  }
  TrainingCheckpoint nan = Example();
  nan.rows[1] = NAN;
  EXPECT_THAT(Parse(SerializeCheckpoint(nan)), RefusesNaming(Parts{"rows", "nan"}));
  TrainingCheckpoint short_losses = Example();
  short_losses.losses.pop_back();
  EXPECT_THAT(Parse(SerializeCheckpoint(short_losses)), RefusesNaming(Parts{"step", "\"2\""}));
}

TEST(Checkpoint, AnotherRunsIsRefusedByWhatDiffers) {
  EXPECT_THAT(CheckSameRun(Example(), Example().run), Succeeds());
  EXPECT_THAT(CheckSameRun(Example(), {{"recipe", "{}"}, {"token", "<max>"}}),
              RefusesNaming(Parts{"checkpoint: token", "<mia>", "<max>"}));
  EXPECT_THAT(CheckSameRun(Example(), {{"pictures", "abc"}}),
              RefusesNaming(Parts{"checkpoint: pictures"}));
}

}  // namespace
}  // namespace imprint::engine
