#include "gateway/dispatch/run_end.h"

#include <gtest/gtest.h>

#include "rpc/status.h"

namespace imprint::gateway {
namespace {

TEST(RunEnd, WhatWillFailAgainIsFatal) {
  v1::Failure failure;
  failure.set_reason("BAD_INPUT");
  EXPECT_TRUE(EndOfFailure(failure).fatal);
  EXPECT_TRUE(EndOfBeginning(absl::InvalidArgumentError("token: got")).fatal);
  EXPECT_TRUE(EndOfBeginning(absl::DataLossError("blobs: not what it was")).fatal);
}

TEST(RunEnd, AnEmbeddingThatMayNotBeUsedIsNamedAsThat) {
  const RunEnd blocked = EndOfBeginning(
      WithReason(absl::FailedPreconditionError("concepts/a/embeddings/1 is blocked: no consent"),
                 "EMBEDDING_BLOCKED"));
  EXPECT_TRUE(blocked.fatal);
  EXPECT_EQ(blocked.failure.reason(), "EMBEDDING_BLOCKED");
}

TEST(RunEnd, ARegistryThatFailsIsNotTriedForEver) {
  v1::Failure failure;
  failure.set_reason("REGISTRY_FAILED");
  failure.set_retryable(true);
  EXPECT_TRUE(EndOfFailure(failure).fault);
  EXPECT_FALSE(EndOfFailure(failure).fatal);
  EXPECT_TRUE(EndOfBeginning(absl::InternalError("")).fault);
  EXPECT_FALSE(EndOfBeginning(absl::InternalError("")).fatal);
}

TEST(RunEnd, ACrashIsAFaultThatIsTriedAgain) {
  v1::Failure failure;
  failure.set_reason("RANK_CRASHED");
  failure.set_retryable(true);
  EXPECT_TRUE(EndOfFailure(failure).fault);
  EXPECT_FALSE(EndOfFailure(failure).fatal);
}

TEST(RunEnd, WhatIsNotTheJobsFaultDoesNotCount) {
  v1::Failure failure;
  failure.set_reason("REGISTRY_UNAVAILABLE");
  failure.set_retryable(true);
  EXPECT_FALSE(EndOfFailure(failure).fault);
  failure.set_reason("REGISTRY_FULL");
  EXPECT_FALSE(EndOfFailure(failure).fault);
  EXPECT_FALSE(EndOfBeginning(absl::UnavailableError("")).fault);
  EXPECT_FALSE(EndOfBeginning(absl::ResourceExhaustedError("")).fault);
  const RunEnd damaged =
      EndOfBeginning(WithReason(absl::DataLossError("database: damaged"), "DATABASE_DAMAGED"));
  EXPECT_FALSE(damaged.fault);
  EXPECT_FALSE(damaged.fatal) << "it will be restored";
  v1::RunStopped drained;
  drained.set_draining(true);
  EXPECT_FALSE(EndOfStop(drained).fault);
}

TEST(RunEnd, AVoidTicketIsTriedWithANewOne) {
  v1::Failure failure;
  failure.set_reason("TICKET_VOID");
  EXPECT_FALSE(EndOfFailure(failure).fatal);
}

const absl::Time kNow = absl::UnixEpoch();

TEST(FailingSince, IsSinceTheFirstOfItsErrorsAndAnyOtherBeginsAnew) {
  const absl::Time never = absl::InfiniteFuture();
  const absl::Time later = kNow + absl::Minutes(1);
  EXPECT_EQ(FailingSince(never, absl::UnavailableError("gone"), kNow), never);
  EXPECT_EQ(FailingSince(never, absl::InternalError("disk"), kNow), kNow);
  EXPECT_EQ(FailingSince(kNow, absl::UnknownError("stream removed"), later), kNow);
  EXPECT_EQ(FailingSince(kNow, absl::UnavailableError("gone"), later), never);
}

TEST(MayYetBeCommitted, AsLongAsTheRegistryIsOnlyAwayOrFailsNotTooLong) {
  EXPECT_TRUE(MayYetBeCommitted(absl::UnavailableError("gone"), absl::Hours(9)));
  for (const absl::Status& error : {absl::InternalError("disk"), absl::UnknownError("removed")}) {
    EXPECT_TRUE(MayYetBeCommitted(error, absl::ZeroDuration()));
    EXPECT_TRUE(MayYetBeCommitted(error, absl::Minutes(9)));
    EXPECT_FALSE(MayYetBeCommitted(error, absl::Minutes(11)));
  }
  EXPECT_FALSE(MayYetBeCommitted(absl::InvalidArgumentError("token: "), absl::ZeroDuration()));
}

// However long the job could not be finished for other reasons before.
TEST(MayYetBeCommitted, ARegistryThatComesBackFailingHasAllOfThePatience) {
  const absl::Status failing = absl::InternalError("disk");
  const absl::Time back = kNow + absl::Hours(1);
  absl::Time since = FailingSince(absl::InfiniteFuture(), failing, kNow);
  since = FailingSince(since, absl::UnavailableError("gone"), kNow + absl::Minutes(1));
  since = FailingSince(since, failing, back);
  EXPECT_TRUE(MayYetBeCommitted(failing, back - since));
  EXPECT_FALSE(MayYetBeCommitted(failing, back + absl::Minutes(10) - since));
}

}  // namespace
}  // namespace imprint::gateway
