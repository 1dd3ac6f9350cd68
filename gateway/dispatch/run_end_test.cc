#include "gateway/dispatch/run_end.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(RunEnd, WhatWillFailAgainIsFatal) {
  v1::Failure failure;
  failure.set_reason("BAD_INPUT");
  EXPECT_TRUE(EndOfFailure(failure).fatal);
  EXPECT_TRUE(EndOfBeginning(absl::InvalidArgumentError("token: got")).fatal);
  EXPECT_TRUE(EndOfBeginning(absl::DataLossError("blobs: not what it was")).fatal);
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
  v1::RunStopped drained;
  drained.set_draining(true);
  EXPECT_FALSE(EndOfStop(drained).fault);
}

TEST(RunEnd, AVoidTicketIsTriedWithANewOne) {
  v1::Failure failure;
  failure.set_reason("TICKET_VOID");
  EXPECT_FALSE(EndOfFailure(failure).fatal);
}

}  // namespace
}  // namespace imprint
