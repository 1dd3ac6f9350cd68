#include "cli/program/given_flags.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/flags/decimal_options.h"
#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

struct Line {
  CLI::App app;
  int steps = 7;
  uint64_t seed = 0;
  std::string model;
  bool sheet = false;

  Line() {
    app.add_option("--steps", steps);
    app.add_option("--seed", seed);
    app.add_option("--model", model)->envname("IMPRINT_TEST_MODEL");
    app.add_flag("--no-sheet", sheet);
    TakeDecimalNumbers(app);
  }
  // What the mistake is called, if there is one.
  std::string Parse(const std::string& line) {
    try {
      app.parse(line);
      return "";
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
  }
};

TEST(GivenFlags, AreThoseOfTheLineAndNotOfTheEnvironment) {
  setenv("IMPRINT_TEST_MODEL", "here", 1);
  Line from_environment;
  EXPECT_EQ(from_environment.Parse("--steps 3 --no-sheet"), "");
  EXPECT_EQ(from_environment.model, "here");
  EXPECT_THAT(FlagsOnLine(from_environment.app), ElementsAre("steps", "no-sheet"));
  Line both;
  EXPECT_EQ(both.Parse("--model there"), "");
  EXPECT_THAT(FlagsOnLine(both.app), ElementsAre("model"));
  unsetenv("IMPRINT_TEST_MODEL");
}

TEST(GivenFlags, AreRefusedByNameWhereTheyWouldDoNothing) {
  Line line;
  EXPECT_EQ(line.Parse("--steps 3 --no-sheet"), "");
  EXPECT_THAT(RefuseFlagsBeside("--resume", line.app, {"seed"}), Succeeds());
  EXPECT_THAT(RefuseFlagsBeside("--resume", line.app, {"seed", "steps"}),
              RefusesNaming(Parts{"steps: got \"3\"", "nothing beside --resume"}));
  EXPECT_THAT(RefuseFlagsWithout("--out", line.app, {"no-sheet"}),
              RefusesNaming(Parts{"no-sheet: got --no-sheet", "--out beside it"}));
}

TEST(TakeDecimalNumbers, RefusesWhatWouldBecomeAnotherNumber) {
  for (const char* bad : {"--seed -1", "--seed 18446744073709551616", "--seed 0x10", "--seed 1.5",
                          "--steps 0x10", "--steps 99999999999999999999", "--steps 1e3"}) {
    EXPECT_THAT(Line().Parse(bad), HasSubstr("expected a whole number")) << bad;
  }
  EXPECT_THAT(Line().Parse("--seed -1"), HasSubstr("--seed: got \"-1\""));
  EXPECT_THAT(Line().Parse("--steps 99999999999"), HasSubstr("--steps"));
}

TEST(TakeDecimalNumbers, TakesDecimalNumbersAsTheyAre) {
  Line line;
  EXPECT_EQ(line.Parse("--seed 18446744073709551615 --steps -010"), "");
  EXPECT_EQ(line.seed, UINT64_MAX);
  EXPECT_EQ(line.steps, -10) << "no octal";
}

}  // namespace
}  // namespace imprint::cli
