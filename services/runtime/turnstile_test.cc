#include "services/runtime/turnstile.h"

#include <optional>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

TEST(Turnstile, LetsSoManyInAndTellsOthersWhenToComeAgain) {
  Turnstile turnstile("uploads", 2);
  std::optional<Turnstile::Pass> first(*turnstile.Enter());
  const auto second = turnstile.Enter();
  ASSERT_THAT(second, Succeeds());
  for (int i = 0; i < 3; ++i) {
    const auto refused = turnstile.Enter();
    EXPECT_THAT(refused, Fails(absl::StatusCode::kResourceExhausted, HasSubstr("uploads: 2")));
    EXPECT_TRUE(RetryAfterOf(refused.status()).has_value());
  }
  first.reset();
  const auto third = turnstile.Enter();
  EXPECT_THAT(third, Succeeds());
  EXPECT_FALSE(turnstile.Enter().ok());
}

}  // namespace
}  // namespace imprint
