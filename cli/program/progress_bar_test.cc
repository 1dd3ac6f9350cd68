#include "cli/program/progress_bar.h"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ProgressBar, ALogGetsALineEveryTenth) {
  double now = 0;
  std::ostringstream out;
  ProgressBar bar("teaching", /*terminal=*/false, out, [&] { return now; });
  bar.Start(0, 200);
  for (int step = 1; step <= 200; ++step) {
    now += 0.5;
    bar.Update(step, "loss 0.3");
  }
  bar.Finish();
  const std::string log = out.str();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 10);
  EXPECT_THAT(log, HasSubstr("100/200  loss 0.3  0:50 left\n"));
  EXPECT_THAT(log, EndsWith("200/200  loss 0.3  0:00 left\n"));
}

TEST(ProgressBar, ATerminalIsRedrawnAtMostTenTimesASecond) {
  double now = 0;
  std::ostringstream out;
  ProgressBar bar("teaching", /*terminal=*/true, out, [&] { return now; });
  bar.Start(0, 1000);
  for (int step = 1; step <= 1000; ++step) {
    now += 0.001;
    bar.Update(step, "");
  }
  bar.Finish();
  const std::string text = out.str();
  const auto redraws = std::count(text.begin(), text.end(), '\r');
  EXPECT_GE(redraws, 9);
  EXPECT_LE(redraws, 12);
  EXPECT_THAT(text, HasSubstr("1000/1000"));
  EXPECT_THAT(text, EndsWith("\n"));
}

TEST(ProgressBar, AResumedJobsTimeLeftCountsOnlyNewWork) {
  double now = 100;
  std::ostringstream out;
  ProgressBar bar("teaching", /*terminal=*/false, out, [&] { return now; });
  bar.Start(90, 100);
  now += 2;
  bar.Update(92, "");
  EXPECT_EQ(out.str(), "");
  now += 3;
  bar.Update(100, "");
  EXPECT_THAT(out.str(), HasSubstr("0:00 left"));
}

TEST(ClockText, RoundsUp) {
  EXPECT_EQ(ClockText(0), "0:00");
  EXPECT_EQ(ClockText(6.2), "0:07");
  EXPECT_EQ(ClockText(750), "12:30");
  EXPECT_EQ(ClockText(11100), "3:05:00");
}

}  // namespace
}  // namespace imprint::cli
