#include "cli/imprint/up/supervisor.h"

#include <csignal>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SupervisorTest : public ::testing::Test {
 protected:
  // A server that is a line of shell; $READY is its address file.
  ServerPlan Shell(const std::string& name, const std::string& script, int stop_stage = 0) {
    const auto file = [&](const char* suffix) { return folder_.path() / (name + suffix); };
    const std::string text =
        absl::StrCat("READY=", file(".json").string(), "; ORDER=", order().string(), "; ", script);
    ServerPlan plan;
    plan.name = name;
    plan.command = {"/bin/sh", "-c", text};
    plan.log = file(".log");
    plan.address_file = file(".json");
    plan.stop_stage = stop_stage;
    return plan;
  }

  // Ends with SIGTERM, and says so.
  ServerPlan Obedient(const std::string& name, int stop_stage = 0) {
    return Shell(name,
                 absl::StrCat("trap 'echo ", name,
                              " >> $ORDER; exit 0' TERM; echo > $READY; "
                              "while :; do sleep 0.02; done"),
                 stop_stage);
  }

  std::filesystem::path order() const { return folder_.path() / "order"; }

  const ScratchFolder folder_;
  std::stop_source stop_;
};

TEST_F(SupervisorTest, StopsStageByStage) {
  Supervisor supervisor({Obedient("registry", 2), Obedient("gateway", 1), Obedient("node", 0)}, {});
  ASSERT_THAT(supervisor.Start(stop_.get_token()), Succeeds());
  EXPECT_EQ(supervisor.pids().size(), 3U);
  supervisor.Stop();
  EXPECT_EQ(FileContent(order()), "node\ngateway\nregistry\n");
  EXPECT_TRUE(supervisor.pids().empty());
}

TEST_F(SupervisorTest, StartsAgainWhatDies) {
  std::vector<std::string> endings;
  std::vector<pid_t> pids;
  SupervisorReports reports;
  reports.started = [&](const ServerPlan&, pid_t pid) {
    pids.push_back(pid);
    if (pids.size() == 2) stop_.request_stop();
  };
  reports.died = [&](const ServerPlan& server, const std::string& how, absl::Duration) {
    endings.push_back(absl::StrCat(server.name, " ", how));
  };
  Supervisor supervisor({Obedient("node")}, reports);
  ASSERT_THAT(supervisor.Start(stop_.get_token()), Succeeds());
  kill(pids[0], SIGKILL);
  supervisor.Keep(stop_.get_token());
  EXPECT_THAT(endings, ElementsAre("node was killed by signal 9"));
  ASSERT_EQ(pids.size(), 2U);
  EXPECT_NE(pids[0], pids[1]);
  EXPECT_EQ(supervisor.pids().at("node"), pids[1]);
}

TEST_F(SupervisorTest, AServerThatCannotStartEndsTheStartWithItsLog) {
  Supervisor supervisor({Shell("node", "echo no such model >&2; exit 3")}, {});
  EXPECT_THAT(supervisor.Start(stop_.get_token()),
              Fails(absl::StatusCode::kUnavailable,
                    AllOf(HasSubstr("the node exited with code 3"), HasSubstr("no such model"))));
}

TEST_F(SupervisorTest, AServerThatIsNeverReadyIsNamed) {
  Supervisor supervisor({Obedient("good"), Shell("slow", "sleep 60")}, {},
                        {.ready = absl::Milliseconds(300)});
  EXPECT_THAT(supervisor.Start(stop_.get_token()),
              Fails(absl::StatusCode::kDeadlineExceeded, HasSubstr("slow: not ready")));
}

TEST_F(SupervisorTest, KillsWhatDoesNotStop) {
  Supervisor supervisor(
      {Shell("deaf", "trap '' TERM; echo > $READY; while :; do sleep 0.02; done")}, {},
      {.stop = absl::Milliseconds(200)});
  ASSERT_THAT(supervisor.Start(stop_.get_token()), Succeeds());
  supervisor.Stop();
  EXPECT_TRUE(supervisor.pids().empty());
}

TEST_F(SupervisorTest, LeavesNothingBehindWhenItGoes) {
  pid_t pid = 0;
  {
    Supervisor supervisor({Obedient("node")}, {});
    ASSERT_THAT(supervisor.Start(stop_.get_token()), Succeeds());
    pid = supervisor.pids().at("node");
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(EndOfLog, GivesWholeLines) {
  const ScratchFolder folder;
  const auto log = folder.Write("log", "first line\nsecond line\n");
  EXPECT_EQ(EndOfLog(log), "first line\nsecond line\n");
  EXPECT_EQ(EndOfLog(log, 15), "second line\n");
  EXPECT_EQ(EndOfLog(folder.path() / "none"), "");
}

}  // namespace
}  // namespace imprint::cli
