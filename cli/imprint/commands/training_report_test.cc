#include "cli/imprint/commands/training_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

TEST(ReportText, SaysWhoComputedAndHowFast) {
  v1::TrainingReport report;
  report.set_ranks(1);
  report.set_compute_threads(2);
  EXPECT_EQ(ReportText(report), "by 1 rank of 2 threads");
  report.set_steps(100);
  report.set_seconds(4.5);
  EXPECT_EQ(ReportText(report), "by 1 rank of 2 threads, 45 ms a step");
}

TEST(ReportText, SaysWhatWasComputedWithOthers) {
  v1::TrainingReport report;
  report.set_ranks(1);
  report.set_compute_threads(2);
  report.set_packed_samples(12);
  EXPECT_EQ(ReportText(report),
            "by 1 rank of 2 threads, 12 samples together with other trainings'");
}

TEST(ReportText, SaysThatNoGraphCouldBeRecorded) {
  v1::TrainingReport report;
  report.set_ranks(1);
  report.set_compute_threads(2);
  report.set_graph_failure("the driver is too old");
  EXPECT_EQ(ReportText(report), "by 1 rank of 2 threads, without recorded graphs");
}

TEST(ReportText, SaysWhatWorkingTogetherTook) {
  v1::TrainingReport report;
  report.set_ranks(3);
  report.set_compute_threads(1);
  report.set_steps(10);
  report.set_seconds(56);
  report.set_collective_seconds(0.14);
  report.set_device_memory_bytes(6'100'000'000);
  EXPECT_EQ(ReportText(report),
            "by 3 ranks of 1 thread, 5.60 s a step, 0.25 % of it adding up, in 6.1 GB of a GPU's "
            "memory");
}

TEST(ReportText, SaysSmallAndLargeSharesAsNumbers) {
  v1::TrainingReport report;
  report.set_ranks(2);
  report.set_seconds(100);
  report.set_collective_seconds(0.012);
  EXPECT_THAT(ReportText(report), ::testing::HasSubstr(", 0.012 % of it"));
  report.set_collective_seconds(99.9);
  EXPECT_THAT(ReportText(report), ::testing::HasSubstr(", 99.9 % of it"));
}

}  // namespace
}  // namespace imprint::cli
