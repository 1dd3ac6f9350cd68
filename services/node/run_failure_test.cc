#include "services/node/run_failure.h"

#include <gtest/gtest.h>

#include "rpc/status.h"

namespace imprint::node {
namespace {

void Expect(const v1::Failure& failure, const std::string& reason, bool retryable) {
  EXPECT_EQ(failure.reason(), reason);
  EXPECT_EQ(failure.retryable(), retryable) << reason;
  EXPECT_EQ(failure.message(), "a");
}

TEST(RunFailure, BadInputIsFinal) {
  Expect(EngineFailure(EngineWork::kComputing, absl::InvalidArgumentError("a")), "BAD_INPUT",
         false);
  Expect(EngineFailure(EngineWork::kComputing, absl::FailedPreconditionError("a")), "BAD_INPUT",
         false);
  Expect(EngineFailure(EngineWork::kLoading, absl::NotFoundError("a")), "MODEL_NOT_FOUND", false);
  Expect(RegistryFailure(absl::NotFoundError("a")), "BAD_INPUT", false);
}

TEST(RunFailure, AnotherAttemptMayHaveMoreLuck) {
  Expect(EngineFailure(EngineWork::kComputing, absl::ResourceExhaustedError("a")), "OUT_OF_MEMORY",
         true);
  Expect(EngineFailure(EngineWork::kComputing, absl::InternalError("a")), "INTERNAL", true);
  Expect(RegistryFailure(absl::UnavailableError("a")), "REGISTRY_UNAVAILABLE", true);
  Expect(RegistryFailure(absl::DeadlineExceededError("a")), "REGISTRY_UNAVAILABLE", true);
  Expect(RegistryFailure(absl::ResourceExhaustedError("a")), "REGISTRY_FULL", true);
}

TEST(RunFailure, ARegistryThatFailsIsNotARegistryThatIsAway) {
  Expect(RegistryFailure(absl::InternalError("a")), "REGISTRY_FAILED", true);
  Expect(RegistryFailure(absl::UnknownError("a")), "REGISTRY_FAILED", true);
  Expect(RegistryFailure(absl::DataLossError("a")), "DATA_LOST", false);
}

TEST(RunFailure, AVoidTicketIsFinalEvenWithTheRegistrysOwnReason) {
  Expect(RegistryFailure(WithReason(absl::PermissionDeniedError("a"), "PERMISSION_DENIED")),
         "TICKET_VOID", false);
}

TEST(RunFailure, AReasonOfItsOwnIsKept) {
  Expect(EngineFailure(EngineWork::kLoading,
                       WithReason(absl::InvalidArgumentError("a"), "MODEL_MISMATCH")),
         "MODEL_MISMATCH", false);
}

TEST(GangFailure, AnotherAttemptMayGoWell) {
  const v1::Failure failure = GangFailure(absl::UnavailableError("gang: summing up: closed"));
  EXPECT_EQ(failure.reason(), "GANG_BROKEN");
  EXPECT_TRUE(failure.retryable());
}

TEST(DeviceFailure, AnotherAttemptMayGoWell) {
  const v1::Failure failure = DeviceFailure(absl::UnavailableError("the device failed: CUDA"));
  EXPECT_EQ(failure.reason(), "DEVICE_LOST");
  EXPECT_TRUE(failure.retryable());
}

}  // namespace
}  // namespace imprint::node
