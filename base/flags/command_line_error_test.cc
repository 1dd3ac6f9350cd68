#include "base/flags/command_line_error.h"

#include <string>

#include <gtest/gtest.h>

namespace imprint {
namespace {

std::string ErrorOf(const std::string& line) {
  CLI::App app;
  app.require_subcommand(1);
  app.fallthrough();
  auto* draw = app.add_subcommand("draw");
  int steps = 0;
  draw->add_option("--steps", steps);
  try {
    app.parse(line, /*program_name_included=*/false);
  } catch (const CLI::ParseError& error) {
    return std::string(CommandLineError(app, error).message());
  }
  return "";
}

TEST(CommandLineError, ListsWhatWasNotExpectedAsItWasWritten) {
  EXPECT_EQ(ErrorOf("draw --width 64 --steps 3 --height 48"),
            "not expected: --width 64 --height 48; --help says what can be given");
}

TEST(CommandLineError, NamesTheOptionOfABadValue) {
  EXPECT_NE(ErrorOf("draw --steps many").find("--steps"), std::string::npos);
}

}  // namespace
}  // namespace imprint
