#include "cli/imprint/up/server_plan.h"

#include <numeric>
#include <set>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ServerPlanTest : public ::testing::Test {
 protected:
  ServerPlanTest() : ports_(PortsNeeded(plan_)) {
    std::iota(ports_.begin(), ports_.end(), 1000);
    servers_ = PlanServers(plan_, ports_);
  }

  // What follows `flag`, each time that it is given.
  static std::vector<std::string> Values(const ServerPlan& server, const std::string& flag) {
    std::vector<std::string> values;
    for (size_t i = 0; i + 1 < server.command.size(); ++i) {
      if (server.command[i] == flag) values.push_back(server.command[i + 1]);
    }
    return values;
  }

  const ServerPlan& Server(const std::string& name) const {
    for (const ServerPlan& server : servers_) {
      if (server.name == name) return server;
    }
    std::abort();
  }

  const UpPlan plan_ = {.binaries = "/bin", .home = "/home", .trainers = 2, .samplers = 1};
  std::vector<int> ports_;
  std::vector<ServerPlan> servers_;
};

TEST_F(ServerPlanTest, EveryAddressIsItsOwn) {
  std::set<std::string> addresses;
  for (const ServerPlan& server : servers_) {
    addresses.insert(server.address);
    addresses.insert(Values(server, "--metrics-listen").at(0));
    EXPECT_THAT(Values(server, "--listen"), ElementsAre(server.address));
    EXPECT_EQ(server.metrics_url,
              "http://" + Values(server, "--metrics-listen").at(0) + "/metrics");
  }
  EXPECT_EQ(addresses.size(), ports_.size());
}

TEST_F(ServerPlanTest, TheGatewayKnowsTheOthers) {
  const ServerPlan& gateway = Server("gateway");
  EXPECT_EQ(gateway.command[0], "/bin/imprint-gateway");
  EXPECT_THAT(Values(gateway, "--registry"), ElementsAre(Server("registry").address));
  EXPECT_THAT(Values(gateway, "--trainer"),
              ElementsAre(Server("trainer-0").address, Server("trainer-1").address));
  EXPECT_THAT(Values(gateway, "--sampler"), ElementsAre(Server("sampler-0").address));
}

TEST_F(ServerPlanTest, NodesStopBeforeTheGatewayAndThatBeforeTheRegistry) {
  EXPECT_LT(Server("trainer-1").stop_stage, Server("gateway").stop_stage);
  EXPECT_EQ(Server("trainer-1").stop_stage, Server("sampler-0").stop_stage);
  EXPECT_LT(Server("gateway").stop_stage, Server("registry").stop_stage);
}

TEST_F(ServerPlanTest, EachTrainerHasAFolderForItsSockets) {
  EXPECT_THAT(Values(Server("trainer-0"), "--work-folder"), ElementsAre("/home/run/trainer-0"));
  EXPECT_THAT(Values(Server("trainer-1"), "--work-folder"), ElementsAre("/home/run/trainer-1"));
  EXPECT_THAT(Values(Server("sampler-0"), "--work-folder"), IsEmpty());
}

TEST_F(ServerPlanTest, AFolderWhoseSocketsWouldHaveTooLongAPathIsNotUsed) {
  const std::string ending = "/run/trainer-0";
  for (const size_t size : {67U, 68U}) {
    UpPlan plan = plan_;
    plan.home = absl::StrCat("/", std::string(size - 1 - ending.size(), 'h'));
    const std::vector<std::string> folders =
        Values(PlanServers(plan, ports_).at(2), "--work-folder");
    if (size == 67) {
      EXPECT_THAT(folders, ElementsAre(plan.home.string() + ending));
    } else {
      EXPECT_THAT(folders, IsEmpty());
    }
  }
}

}  // namespace
}  // namespace imprint::cli
