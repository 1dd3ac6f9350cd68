// What a training that goes on may change. With the demo model; none gets as far as a step.
#include "cli/imprint_engine/teaching.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <sstream>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "cli/imprint_engine/training_record.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "base/usable_processors.h"
#include "engine/torch/threads.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::Not;
using Parts = std::vector<std::string>;

TeachOrder DemoOrder() {
  return {.model = IMPRINT_SOURCE_DIR "/models/demo",
          .settings = {.token = "<pip>",
                       .class_word = "mascot",
                       .templates = {"a {}"},
                       .recipe = {.steps = 4, .batch = 2}},
          .compute = {.device = ComputeDevice(), .threads = 1}};
}

// What a command line asks for that gives those options and no others.
ResumeChanges Asking(const ComputeOptions& compute, std::vector<absl::string_view> given) {
  return {.compute = compute, .given = [given = std::move(given)](const auto& row) {
            return std::find(given.begin(), given.end(), row.name) != given.end();
          }};
}

const ComputeDevice kProcessor = {};
constexpr ComputeDevice kFirstGpu = {DeviceKind::kCuda, 0};

class ResumeTeachingTest : public ::testing::Test {
 protected:
  // A training that was stopped before its first step.
  ResumeTeachingTest() {
    EXPECT_THAT(engine::SetComputeThreads(1), Succeeds());
    stop_.request_stop();
    fs::copy(IMPRINT_SOURCE_DIR "/models/demo/concepts/pip/images", Photos());
    CommandContext context = Context();
    EXPECT_THAT(BeginTeaching(DemoOrder(), Photos(), Out(), /*overwrite=*/false, context),
                Fails(absl::StatusCode::kCancelled, HasSubstr("stopped after step 0 of 4")));
    ForgetOutput();
  }

  ~ResumeTeachingTest() override { EXPECT_THAT(engine::SetComputeThreads(1), Succeeds()); }

  fs::path Photos() const { return folder_.path() / "photos"; }
  fs::path Out() const { return folder_.path() / "out"; }
  fs::path RecordFile() const { return Out() / kTrainingRecordName; }

  TrainingRecord Record() const {
    auto record = ReadTrainingRecord(RecordFile());
    EXPECT_TRUE(record.ok()) << record.status();
    return *std::move(record);
  }

  // As if the training had begun otherwise.
  void Rewrite(const std::function<void(TeachOrder&)>& change,
               TrainingState state = TrainingState::kInterrupted) const {
    TeachOrder order = Record().order;
    change(order);
    const nlohmann::json record = {{"state", Name(state)}, {"order", ToJson(order)}};
    folder_.Write(fs::path("out") / kTrainingRecordName, record.dump());
  }

  // Goes on until it would take its next step. `threads` stands before the subcommand.
  absl::Status Resume(const ResumeChanges& changes = {}, int threads = 0) {
    ForgetOutput();
    CommandContext context = Context();
    context.threads = threads;
    return ResumeTeaching(Out(), changes, context);
  }

  CommandContext Context() {
    return {.console = console_, .terminal = false, .stop = stop_.get_token()};
  }

  void ForgetOutput() {
    out_.str("");
    err_.str("");
  }

  // That it had all that it needed.
  static auto GoesOn() {
    return Fails(absl::StatusCode::kCancelled, HasSubstr("stopped after step 0 of 4"));
  }

  const ScratchFolder folder_;
  std::ostringstream out_;
  std::ostringstream err_;
  Console console_{/*json=*/false, out_, err_};
  std::stop_source stop_;
};

TEST_F(ResumeTeachingTest, GoesOnWithWhatItBeganWith) {
  const nlohmann::json begun = ToJson(Record().order);
  EXPECT_THAT(Resume(), GoesOn());
  EXPECT_EQ(ToJson(Record().order), begun);
  EXPECT_EQ(Record().state, TrainingState::kInterrupted);
  EXPECT_THAT(out_.str(), HasSubstr("from step 0"));
  EXPECT_THAT(err_.str(), Not(HasSubstr("slightly other numbers")));
}

TEST_F(ResumeTeachingTest, WithoutACheckpointItBeginsAnewAndSaysSo) {
  fs::remove(Out() / "checkpoint.safetensors");
  EXPECT_THAT(Resume(), GoesOn());
  EXPECT_THAT(err_.str(), HasSubstr("there is no checkpoint yet; the training begins anew"));
}

TEST_F(ResumeTeachingTest, WhatIsFinishedStaysAsItIs) {
  Rewrite([](TeachOrder&) {}, TrainingState::kFinished);
  const std::string record = FileContent(RecordFile());
  EXPECT_THAT(Resume(Asking({.cuda_graph = true}, {"cuda_graph"})), Succeeds());
  EXPECT_EQ(FileContent(RecordFile()), record);
  EXPECT_THAT(out_.str(), HasSubstr("nothing is left to do in " + Out().string()));
}

TEST_F(ResumeTeachingTest, AFolderWithoutATrainingIsNamed) {
  fs::remove(RecordFile());
  EXPECT_THAT(Resume(), RefusesNaming(Parts{"resume: ", RecordFile().string()}));
}

TEST_F(ResumeTeachingTest, APictureThatIsAnotherNowIsRefused) {
  fs::copy(Photos() / "2.png", Photos() / "1.png", fs::copy_options::overwrite_existing);
  EXPECT_THAT(Resume(), RefusesNaming(Parts{(Photos() / "1.png").string(), "another file than",
                                            "begin anew, or put it back"}));
}

TEST_F(ResumeTeachingTest, APictureThatWasAddedIsNotTaughtFrom) {
  const std::vector<fs::path> pictures = Record().order.pictures;
  fs::copy(Photos() / "2.png", Photos() / "9.png");
  EXPECT_THAT(Resume(), GoesOn());
  EXPECT_EQ(Record().order.pictures, pictures);
}

TEST_F(ResumeTeachingTest, ComputesOnAsManyThreadsAsItBeganWith) {
  Rewrite([](TeachOrder& order) { order.compute.threads = 3; });
  EXPECT_THAT(Resume(), GoesOn());
  EXPECT_EQ(engine::ComputeThreads(), 3);
  EXPECT_EQ(Record().order.compute.threads, 3);
  EXPECT_THAT(Resume({.ranks = 1}), GoesOn());
  EXPECT_EQ(engine::ComputeThreads(), 3) << "as many ranks as before are no change";
}

TEST_F(ResumeTeachingTest, OtherThreadsThatWereAskedForAreWarnedOfAndKept) {
  ASSERT_THAT(engine::SetComputeThreads(2), Succeeds());
  EXPECT_THAT(Resume({}, /*threads=*/2), GoesOn());
  EXPECT_THAT(err_.str(), HasSubstr("the training began with 1 threads; with 2 it ends in "
                                    "slightly other numbers"));
  EXPECT_EQ(engine::ComputeThreads(), 2);
  EXPECT_EQ(Record().order.compute.threads, 2);
  EXPECT_THAT(Resume({}, /*threads=*/2), GoesOn());
  EXPECT_THAT(err_.str(), Not(HasSubstr("slightly other numbers"))) << "said once";
}

TEST_F(ResumeTeachingTest, AGangOfAnotherSizeDividesTheProcessorsAnew) {
  const int unlike_any_share = UsableProcessors() + 1;
  Rewrite([&](TeachOrder& order) {
    order.ranks = 2;
    order.compute.threads = unlike_any_share;
  });
  EXPECT_THAT(Resume({.ranks = 1}), GoesOn());
  EXPECT_EQ(engine::ComputeThreads(), UsableProcessors());
  EXPECT_EQ(Record().order.ranks, 1);
  EXPECT_EQ(Record().order.compute.threads, UsableProcessors());
}

TEST_F(ResumeTeachingTest, MoreRanksThanSamplesOfAStepAreRefused) {
  const std::string record = FileContent(RecordFile());
  EXPECT_THAT(Resume({.ranks = 3}), RefusesNaming(Parts{"ranks: got 3", "1 to 2"}));
  EXPECT_THAT(Resume({.ranks = 0}), RefusesNaming(Parts{"ranks: got 0", "1 to 2"}));
  EXPECT_EQ(FileContent(RecordFile()), record) << "what is refused changes nothing";
}

TEST_F(ResumeTeachingTest, GradientCheckpointingOnceAskedForStays) {
  EXPECT_FALSE(Record().order.compute.gradient_checkpointing);
  EXPECT_THAT(Resume(Asking({.gradient_checkpointing = true}, {"gradient_checkpointing"})),
              GoesOn());
  EXPECT_TRUE(Record().order.compute.gradient_checkpointing);
  EXPECT_THAT(Resume(), GoesOn());
  EXPECT_TRUE(Record().order.compute.gradient_checkpointing);
}

TEST_F(ResumeTeachingTest, OnAProcessorNothingIsAskedForThatOnlyAGpuHas) {
  Rewrite([](TeachOrder& order) {
    order.compute.device = kFirstGpu;
    order.compute.device_memory_mb = 6000;
    order.compute.cuda_graph = true;
  });
  EXPECT_THAT(Resume(Asking({.device = kProcessor}, {"device"})), GoesOn());
  EXPECT_THAT(err_.str(),
              HasSubstr("the training began on cuda:0; on cpu it ends in slightly other numbers"));
  EXPECT_EQ(Record().order.compute.device, kProcessor);
  EXPECT_EQ(Record().order.compute.device_memory_mb, 0);
  EXPECT_FALSE(Record().order.compute.cuda_graph);
}

TEST_F(ResumeTeachingTest, TheDeviceThatItBeganOnIsNoChange) {
  EXPECT_THAT(Resume(Asking({.device = kProcessor}, {"device"})), GoesOn());
  EXPECT_THAT(err_.str(), Not(HasSubstr("slightly other numbers")));
}

TEST_F(ResumeTeachingTest, WhatOnlyAGpuHasIsRefusedOnAProcessor) {
  const std::string record = FileContent(RecordFile());
  EXPECT_THAT(Resume(Asking({.cuda_graph = true}, {"cuda_graph"})),
              RefusesNaming(Parts{"cuda-graph: got true", "without a GPU"}));
  EXPECT_THAT(Resume(Asking({.device_memory_mb = 6000}, {"device_memory_mb"})),
              RefusesNaming(Parts{"device-memory-mb: got 6000", "without a GPU"}));
  EXPECT_THAT(Resume(Asking({.device_memory_mb = -1}, {"device_memory_mb"})),
              RefusesNaming(Parts{"device-memory-mb: got -1"}));
  EXPECT_EQ(FileContent(RecordFile()), record) << "what is refused changes nothing";
}

TEST_F(ResumeTeachingTest, AGraphIsRefusedInFp16AsItIsAtTheBeginning) {
  Rewrite([](TeachOrder& order) {
    order.compute.device = kFirstGpu;
    order.compute.precision = Precision::kFp16;
  });
  EXPECT_THAT(Resume(Asking({.cuda_graph = true}, {"cuda_graph"})),
              RefusesNaming(Parts{"cuda-graph: got true", "false in fp16"}));
}

TEST_F(ResumeTeachingTest, AutoIsWhereItBegan) {
  static constexpr ComputeDevice kNoMachineHas = {DeviceKind::kCuda, 1023};
  Rewrite([](TeachOrder& order) { order.compute.device = kNoMachineHas; });
  EXPECT_THAT(Resume(Asking({}, {"device"})),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("cuda:1023")));
}

TEST_F(ResumeTeachingTest, ThePrecisionStaysAsItBegan) {
  EXPECT_THAT(Resume(Asking({.precision = Precision::kBf16}, {"precision"})), GoesOn());
  EXPECT_EQ(Record().order.compute.precision, Precision::kFp32);
}

TEST_F(ResumeTeachingTest, AskingAProcessorForAllTheMemoryThereIsIsNoChange) {
  EXPECT_THAT(Resume(Asking({.device_memory_mb = 0}, {"device_memory_mb"})), GoesOn());
  EXPECT_EQ(Record().order.compute.device_memory_mb, 0);
}

}  // namespace
}  // namespace imprint::cli
