// For tests: EXPECT_THAT(result, Fails(absl::StatusCode::kNotFound, HasSubstr("mia.png"))).
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <gmock/gmock.h>

namespace imprint {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(Succeeds, "is OK") {
  *result_listener << StatusOf(arg);
  return StatusOf(arg).ok();
}

MATCHER_P(SucceedsWith, value, "is OK, with the value") {
  *result_listener << arg.status();
  return arg.ok() && ::testing::ExplainMatchResult(value, *arg, result_listener);
}

MATCHER_P2(Fails, code, message, "fails with the code and a message as expected") {
  *result_listener << StatusOf(arg);
  return StatusOf(arg).code() == code &&
         ::testing::Matches(message)(std::string(StatusOf(arg).message()));
}

// Matches INVALID_ARGUMENT whose message holds every one of `parts`: the field, what was given,
// what is expected.
MATCHER_P(RefusesNaming, parts, "is INVALID_ARGUMENT and names every part") {
  *result_listener << StatusOf(arg);
  if (StatusOf(arg).code() != absl::StatusCode::kInvalidArgument) return false;
  for (const auto& part : parts) {
    if (StatusOf(arg).message().find(part) == absl::string_view::npos) return false;
  }
  return true;
}

// ASSERT_OK_AND_ASSIGN(auto value, Expression()): fails the test with the status if there is none.
#define ASSERT_OK_AND_ASSIGN(target, expression) \
  IMPRINT_ASSERT_OK_AND_ASSIGN(IMPRINT_TEST_CONCAT(imprint_result_, __LINE__), target, expression)
// `target` may be a declaration, which parentheses would break.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define IMPRINT_ASSERT_OK_AND_ASSIGN(holder, target, expression) \
  auto holder = (expression);                                    \
  ASSERT_TRUE(holder.ok()) << holder.status();                   \
  target = *std::move(holder)
// NOLINTEND(bugprone-macro-parentheses)
#define IMPRINT_TEST_CONCAT(a, b) IMPRINT_TEST_CONCAT_EXPANDED(a, b)
#define IMPRINT_TEST_CONCAT_EXPANDED(a, b) a##b

}  // namespace imprint
