#include "services/server/server_flags.h"

#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

class ServerFlagsTest : public ::testing::Test {
 protected:
  ~ServerFlagsTest() override { unsetenv("IMPRINT_LOG_LEVEL"); }

  ServerFlags Parse(std::vector<std::string> line) {
    ServerFlags flags;
    CLI::App app;
    AddServerFlags(app, flags);
    ReadFlagsFromEverywhere(app);
    std::reverse(line.begin(), line.end());
    app.parse(line);
    return flags;
  }

  ScratchFolder folder_;
};

TEST_F(ServerFlagsTest, TheLineGoesBeforeTheEnvironmentAndThatBeforeTheFile) {
  const std::string file =
      folder_.Write("flags.yaml", "log-level: debug\nlog-format: json\nmax-threads: 99\n").string();
  EXPECT_EQ(Parse({"--config", file}).log_level, "debug");
  EXPECT_EQ(Parse({"--config", file}).max_threads, 99);
  setenv("IMPRINT_LOG_LEVEL", "warning", 1);
  EXPECT_EQ(Parse({"--config", file}).log_level, "warning");
  EXPECT_EQ(Parse({"--config", file}).log_format, "json");
  EXPECT_EQ(Parse({"--config", file, "--log-level", "error"}).log_level, "error");
}

TEST_F(ServerFlagsTest, UnknownKeysAndBadFilesAreErrors) {
  const auto parse = [&](const char* content) {
    Parse({"--config", folder_.Write("bad.yaml", content).string()});
  };
  EXPECT_THROW(parse("lgo-level: info\n"), CLI::ParseError);
  EXPECT_THROW(parse("- a list\n"), CLI::ParseError);
  EXPECT_THROW(parse("log-level: [\n"), CLI::ParseError);
}

TEST_F(ServerFlagsTest, AnAddressThatOthersReachNeedsInsecure) {
  ServerFlags flags;
  EXPECT_THAT(CheckServerFlags(flags), Succeeds());
  flags.listen = "0.0.0.0:50051";
  EXPECT_THAT(CheckServerFlags(flags),
              RefusesNaming(std::vector<std::string>{"listen", "0.0.0.0:50051", "--insecure"}));
  flags.insecure = true;
  EXPECT_THAT(CheckServerFlags(flags), Succeeds());
}

TEST_F(ServerFlagsTest, BadValuesAreNamed) {
  ServerFlags flags;
  flags.listen = "50051";
  EXPECT_THAT(CheckServerFlags(flags),
              RefusesNaming(std::vector<std::string>{"listen", "\"50051\""}));
  flags = {};
  flags.max_threads = 1;
  EXPECT_THAT(CheckServerFlags(flags),
              RefusesNaming(std::vector<std::string>{"max-threads: got 1"}));
}

}  // namespace
}  // namespace imprint
