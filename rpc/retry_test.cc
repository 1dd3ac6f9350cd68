#include "rpc/retry.h"

#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rpc/status.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;

// Of all the codes, those of which `says` is true.
std::vector<absl::StatusCode> Codes(const std::function<bool(const absl::Status&)>& says) {
  std::vector<absl::StatusCode> codes;
  for (int code = 0; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    if (says({static_cast<absl::StatusCode>(code), "a"})) {
      codes.push_back(static_cast<absl::StatusCode>(code));
    }
  }
  return codes;
}

TEST(Retry, AnybodyMayTryAgainWhatWasNotReachedOrSaysWhen) {
  EXPECT_THAT(Codes(IsRetryable), ElementsAre(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(IsRetryable(WithRetryAfter(absl::ResourceExhaustedError("a"), absl::Seconds(1))))
      << "the server says when to come again";
}

TEST(Retry, WhatPassesByItselfIsTransient) {
  EXPECT_THAT(Codes(IsTransient),
              ElementsAre(absl::StatusCode::kCancelled, absl::StatusCode::kDeadlineExceeded,
                          absl::StatusCode::kAborted, absl::StatusCode::kUnavailable));
}

TEST(Retry, AServerThatFailsIsNotOneThatIsAway) {
  EXPECT_THAT(Codes(IsServerError),
              ElementsAre(absl::StatusCode::kUnknown, absl::StatusCode::kInternal));
}

TEST(Retry, ABrokenConnectionHasThreeNames) {
  EXPECT_THAT(Codes(IsStreamBroken),
              ElementsAre(absl::StatusCode::kUnknown, absl::StatusCode::kInternal,
                          absl::StatusCode::kUnavailable));
}

TEST(Retry, SomebodyMakesRoomAndRestoresDatabases) {
  EXPECT_THAT(Codes(AwaitsRoomOrRepair), ElementsAre(absl::StatusCode::kResourceExhausted));
  EXPECT_TRUE(AwaitsRoomOrRepair(WithReason(absl::DataLossError("a"), "DATABASE_DAMAGED")));
  EXPECT_FALSE(AwaitsRoomOrRepair(WithReason(absl::DataLossError("a"), "DATA_LOST")));
}

TEST(Backoff, DoublesUpToItsLongestAndStartsOver) {
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(1));
  for (const int expected : {100, 200, 400, 800, 1000, 1000}) {
    EXPECT_EQ(backoff.Next(), absl::Milliseconds(expected));
  }
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(100));
}

TEST(Backoff, AServersRetryInfoSetsTheDelayAndCountsAsAFailure) {
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(1));
  EXPECT_EQ(backoff.Next(WithRetryAfter(absl::ResourceExhaustedError("a"), absl::Seconds(7))),
            absl::Seconds(7));
  EXPECT_EQ(backoff.Next(absl::UnavailableError("a")), absl::Milliseconds(200));
}

}  // namespace
}  // namespace imprint
