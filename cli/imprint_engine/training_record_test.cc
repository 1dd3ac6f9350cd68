#include "cli/imprint_engine/training_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

TeachOrder Example() {
  return {.model = "/models/demo",
          .pictures = {"/photos/1.png", "/photos/2.png"},
          .picture_sha256 = {"aa", "bb"},
          .settings = {.token = "<mia>",
                       .class_word = "girl",
                       .templates = {"a {}", "the {}"},
                       .recipe = {.steps = 7}},
          .compute = {.device = ComputeDevice{DeviceKind::kCuda, 1},
                      .precision = Precision::kBf16,
                      .threads = 2,
                      .device_memory_mb = 6000,
                      .gradient_checkpointing = true,
                      .cuda_graph = true},
          .ranks = 3};
}

TEST(TrainingRecord, WhatIsWrittenIsRead) {
  const ScratchFolder folder;
  for (const TrainingState state :
       {TrainingState::kRunning, TrainingState::kInterrupted, TrainingState::kFinished}) {
    const nlohmann::json record = {{"state", Name(state)}, {"order", ToJson(Example())}};
    ASSERT_OK_AND_ASSIGN(const TrainingRecord read,
                         ReadTrainingRecord(folder.Write("training.json", record.dump())));
    EXPECT_EQ(read.state, state);
    EXPECT_EQ(ToJson(read.order), ToJson(Example()));
    EXPECT_EQ(read.order.compute, Example().compute);
    EXPECT_EQ(read.order.ranks, 3);
  }
}

TEST(TrainingRecord, EarlierOnesWereOfOneProcessorInFp32) {
  const ScratchFolder folder;
  nlohmann::json order = ToJson(Example());
  for (const char* key :
       {"device", "precision", "ranks", "gradient_checkpointing", "cuda_graph", "device_memory_mb"})
    order.erase(key);
  const nlohmann::json record = {{"state", "running"}, {"order", order}};
  ASSERT_OK_AND_ASSIGN(const TrainingRecord read,
                       ReadTrainingRecord(folder.Write("training.json", record.dump())));
  EXPECT_EQ(read.order.compute.choice(), ComputeChoice());
  EXPECT_EQ(read.order.ranks, 1);
  EXPECT_FALSE(read.order.compute.cuda_graph);
}

TEST(TrainingRecord, DamageIsNamed) {
  const ScratchFolder folder;
  const auto read = [&](const nlohmann::json& record) {
    return ReadTrainingRecord(folder.Write("training.json", record.dump())).status();
  };
  EXPECT_THAT(read({{"state", "running"}}), RefusesNaming(Parts{"training.json", "order"}));
  EXPECT_THAT(read({{"state", "lost"}, {"order", ToJson(Example())}}),
              RefusesNaming(Parts{"state", "lost", "interrupted"}));
  for (const char* key : {"token", "recipe", "pictures", "templates", "size", "threads"}) {
    nlohmann::json order = ToJson(Example());
    order.erase(key);
    EXPECT_THAT(read({{"state", "running"}, {"order", order}}),
                RefusesNaming(Parts{"training.json", key}));
  }
  EXPECT_THAT(ReadTrainingRecord(folder.path() / "none.json").status(),
              Fails(absl::StatusCode::kNotFound, HasSubstr("none.json")));
}

}  // namespace
}  // namespace imprint::cli
