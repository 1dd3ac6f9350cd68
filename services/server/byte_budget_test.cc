#include "services/server/byte_budget.h"

#include <optional>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "rpc/status.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

TEST(ByteBudget, WhatDoesNotFitIsToldWhenToComeAgain) {
  ByteBudget budget("pictures", 100);
  std::optional<ByteBudget::Share> first(*budget.Take(60));
  const auto refused = budget.Take(50);
  EXPECT_THAT(refused, Fails(absl::StatusCode::kResourceExhausted, HasSubstr("60 of 100 bytes")));
  EXPECT_TRUE(RetryAfterOf(refused.status()).has_value());
  EXPECT_THAT(budget.Take(40), Succeeds());
  first.reset();
  EXPECT_THAT(budget.Take(100), Succeeds());
}

TEST(ByteBudget, WhatNeverFitsIsNotToldToComeAgain) {
  ByteBudget budget("pictures", 100);
  const auto refused = budget.Take(101);
  EXPECT_THAT(refused, Fails(absl::StatusCode::kResourceExhausted, HasSubstr("101 bytes of 100")));
  EXPECT_FALSE(RetryAfterOf(refused.status()).has_value());
}

TEST(ByteBudget, WhoeverIsPatientGetsWhatOthersReturn) {
  ByteBudget budget("pictures", 100);
  std::optional<ByteBudget::Share> first(*budget.Take(60));
  std::thread waiting([&] { EXPECT_THAT(budget.Take(60, absl::Minutes(1)), Succeeds()); });
  first.reset();
  waiting.join();
}

TEST(ByteBudget, AShareThatIsGivenOnIsReturnedOnce) {
  ByteBudget budget("pictures", 100);
  {
    ByteBudget::Share share = *budget.Take(60);
    ByteBudget::Share other = std::move(share);
    share = *budget.Take(40);
    EXPECT_FALSE(budget.Take(1).ok());
  }
  EXPECT_THAT(budget.Take(100), Succeeds());
}

}  // namespace
}  // namespace imprint
