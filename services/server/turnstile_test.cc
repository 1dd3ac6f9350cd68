#include "services/server/turnstile.h"

#include <optional>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "rpc/status.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

TEST(Turnstile, LetsSoManyInAndTellsOthersWhenToComeAgain) {
  Turnstile turnstile("uploads", 2, 2);
  std::optional<Turnstile::Pass> first(*turnstile.Enter("a"));
  const auto second = turnstile.Enter("a");
  ASSERT_THAT(second, Succeeds());
  for (int i = 0; i < 3; ++i) {
    const auto refused = turnstile.Enter("a");
    EXPECT_THAT(refused, Fails(absl::StatusCode::kResourceExhausted, HasSubstr("uploads: 2")));
    EXPECT_TRUE(RetryAfterOf(refused.status()).has_value());
  }
  first.reset();
  const auto third = turnstile.Enter("a");
  EXPECT_THAT(third, Succeeds());
  EXPECT_FALSE(turnstile.Enter("a").ok());
}

TEST(Turnstile, NobodyHasAllOfThem) {
  Turnstile turnstile("uploads", 3, 2);
  const auto first = turnstile.Enter("a");
  std::optional<Turnstile::Pass> second(*turnstile.Enter("a"));
  EXPECT_THAT(turnstile.Enter("a"), Fails(absl::StatusCode::kResourceExhausted,
                                          HasSubstr("2 of 3 are open from this address")));
  const auto other = turnstile.Enter("b");
  EXPECT_THAT(other, Succeeds());
  EXPECT_THAT(turnstile.Enter("b"), Fails(absl::StatusCode::kResourceExhausted, HasSubstr("3")));
  second.reset();
  EXPECT_THAT(turnstile.Enter("b"), Succeeds());
}

TEST(Turnstile, ShowsWhatIsOpen) {
  Metrics metrics;
  Turnstile turnstile("uploads", 3, 2);
  turnstile.Show(metrics);
  {
    const auto pass = turnstile.Enter("a");
    EXPECT_THAT(metrics.Text(), HasSubstr("imprint_open{what=\"uploads\"} 1"));
    EXPECT_THAT(metrics.Text(), HasSubstr("imprint_open_limit{what=\"uploads\"} 3"));
  }
  EXPECT_THAT(metrics.Text(), HasSubstr("imprint_open{what=\"uploads\"} 0"));
}

}  // namespace
}  // namespace imprint
