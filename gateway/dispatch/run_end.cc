#include "gateway/dispatch/run_end.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "rpc/retry.h"
#include "rpc/status.h"

namespace imprint::gateway {
namespace {

constexpr absl::Duration kShortWait = absl::Milliseconds(500);
constexpr absl::Duration kLongWait = absl::Seconds(2);
// For a registry that answers, but fails at a job.
constexpr absl::Duration kFailingPatience = absl::Minutes(10);

// A job waits for as long as it takes: for peers that are away, for a slot, for a disk with room
// and for a database that is restored.
bool IsNoFaultOfTheJob(const absl::Status& error) {
  return IsTransient(error) || AwaitsRoomOrRepair(error);
}

}  // namespace

absl::Time FailingSince(absl::Time since, const absl::Status& error, absl::Time now) {
  return IsServerError(error) ? std::min(since, now) : absl::InfiniteFuture();
}

bool MayYetBeCommitted(const absl::Status& error, absl::Duration failing) {
  return IsNoFaultOfTheJob(error) || (IsServerError(error) && failing < kFailingPatience);
}

RunEnd EndOfBeginning(const absl::Status& error) {
  RunEnd end = {.state = v1::ATTEMPT_STATE_FAILED,
                .reason = absl::StrCat("could not begin: ", error.message()),
                .fault = !IsNoFaultOfTheJob(error),
                .wait = kShortWait};
  end.fatal = end.fault && (absl::IsInvalidArgument(error) || absl::IsNotFound(error) ||
                            absl::IsFailedPrecondition(error) || absl::IsDataLoss(error));
  if (end.fatal) {
    const std::string reason = ReasonOf(error);
    end.failure.set_reason(absl::StartsWith(reason, "EMBEDDING_") ? reason
                           : absl::IsDataLoss(error)              ? "DATA_LOST"
                                                                  : "BAD_INPUT");
    end.failure.set_message(std::string(error.message()));
  }
  return end;
}

RunEnd EndOfFailure(const v1::Failure& failure) {
  RunEnd end = {.state = v1::ATTEMPT_STATE_FAILED,
                .reason = failure.message(),
                .fatal = !failure.retryable(),
                .failure = failure,
                .wait = kShortWait};
  if (failure.reason() == "TICKET_VOID") {
    // The next attempt gets a new one.
    end.fatal = false;
  }
  if (failure.reason() == "REGISTRY_UNAVAILABLE" || failure.reason() == "REGISTRY_FULL") {
    end.fault = false;
    end.fatal = false;
    end.wait = kLongWait;
  }
  return end;
}

RunEnd EndOfStop(const v1::RunStopped& stopped) {
  return {.state = v1::ATTEMPT_STATE_STOPPED,
          .reason = stopped.reason().empty() ? (stopped.draining() ? "its node drains" : "stopped")
                                             : stopped.reason(),
          .fault = false};
}

}  // namespace imprint::gateway
