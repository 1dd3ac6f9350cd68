#include "cli/program/console.h"

#include <sstream>

#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

TEST(Console, PeopleReadAlignedLines) {
  std::ostringstream out;
  std::ostringstream err;
  Console console(false, out, err);
  console.Line("model", "models/demo");
  console.Event("progress", {{"step", 1}});
  console.Warn("small");
  EXPECT_EQ(out.str(), "model       models/demo\n");
  EXPECT_EQ(err.str(), "warning: small\n");
}

TEST(Console, ProgramsReadOneObjectALine) {
  std::ostringstream out;
  std::ostringstream err;
  Console console(true, out, err);
  console.Line("model", "models/demo");
  console.Event("progress", {{"step", 1}});
  console.Warn("odd byte \xFF");
  EXPECT_EQ(console.Fail(absl::NotFoundError("no model")), 2);
  EXPECT_EQ(out.str(),
            "{\"event\":\"progress\",\"step\":1}\n"
            "{\"event\":\"warning\",\"message\":\"odd byte \xEF\xBF\xBD\"}\n"
            "{\"code\":\"NOT_FOUND\",\"event\":\"error\",\"message\":\"no model\"}\n");
  EXPECT_EQ(err.str(), "");
}

TEST(Console, ExitCodesTellBadInputFromFailure) {
  EXPECT_EQ(ExitCode(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCode(absl::InvalidArgumentError("")), 2);
  EXPECT_EQ(ExitCode(absl::CancelledError("")), 130);
  EXPECT_EQ(ExitCode(absl::ResourceExhaustedError("")), 1);
}

TEST(Console, ControlCharactersAreShownNotObeyed) {
  std::ostringstream out, err;
  Console console(false, out, err);
  console.Line("skipped", "a\x1B[31m\nerror: forged");
  console.Warn("b\rc");
  EXPECT_EQ(out.str(), "skipped     a\\x1B[31m\\x0Aerror: forged\n");
  EXPECT_EQ(err.str(), "warning: b\\x0Dc\n");
}

}  // namespace
}  // namespace imprint::cli
