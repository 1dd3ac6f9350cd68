#include "services/server/log.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

std::string Logged(const std::string& format, const std::string& level) {
  EXPECT_THAT(StartLog("test", format, level), Succeeds());
  ::testing::internal::CaptureStderr();
  LogInfo("begun", {{"job", "jobs/a \"b\""}, {"step", 12}, {"loss", 0.5}});
  LogError("bad \xff bytes", {{"ratio", std::numeric_limits<double>::infinity()}});
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, JsonLinesAreJsonWhateverTheyHold) {
  std::istringstream lines(Logged("json", "info"));
  std::string line;
  std::getline(lines, line);
  const auto first = nlohmann::json::parse(line);
  EXPECT_EQ(first["message"], "begun");
  EXPECT_EQ(first["job"], "jobs/a \"b\"");
  EXPECT_EQ(first["step"], 12);
  EXPECT_EQ(first["service"], "test");
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::json::parse(line)["level"], "error");
}

TEST(Log, TextQuotesWhatHasSpaces) {
  EXPECT_THAT(Logged("text", "info"), HasSubstr("job=\"jobs/a \\\"b\\\"\" step=12"));
}

TEST(Log, LowerLevelsAreLeftOut) {
  const std::string logged = Logged("text", "error");
  EXPECT_THAT(logged, ::testing::Not(HasSubstr("begun")));
  EXPECT_THAT(logged, HasSubstr("bad"));
}

TEST(Log, BadFormatsAndLevelsAreNamed) {
  EXPECT_THAT(StartLog("x", "xml", "info"),
              RefusesNaming(std::vector<std::string>{"log-format", "xml"}));
  EXPECT_THAT(StartLog("x", "json", "loud"),
              RefusesNaming(std::vector<std::string>{"log-level", "loud"}));
}

}  // namespace
}  // namespace imprint
