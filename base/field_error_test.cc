#include "base/field_error.h"

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(FieldError, SaysFieldGivenAndExpected) {
  EXPECT_EQ(FieldError("steps", "0", "a whole number from 1 to 10").message(),
            "steps: got 0; expected a whole number from 1 to 10");
}

TEST(Quoted, EscapesWhatWouldBreakALine) { EXPECT_EQ(Quoted("a\nb\"é"), "\"a\\nb\\\"é\""); }

TEST(Quoted, CutsLongTextBetweenCharacters) {
  std::string text(119, 'a');
  for (int i = 0; i < 100; ++i) absl::StrAppend(&text, "é");
  EXPECT_EQ(Quoted(text), absl::StrCat("\"", std::string(119, 'a'), "…\" (319 bytes)"));
}

TEST(InContext, KeepsTheCodeAndOk) {
  EXPECT_TRUE(InContext("x", absl::OkStatus()).ok());
  EXPECT_EQ(InContext("x", absl::NotFoundError("y")), absl::NotFoundError("x: y"));
}

}  // namespace
}  // namespace imprint
