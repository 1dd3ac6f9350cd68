#include "rpc/retry.h"

#include <algorithm>
#include <utility>

#include "rpc/status.h"

namespace imprint {

bool IsRetryable(const absl::Status& error) {
  return absl::IsUnavailable(error) || RetryAfterOf(error).has_value();
}

bool IsTransient(const absl::Status& error) {
  return absl::IsUnavailable(error) || absl::IsDeadlineExceeded(error) ||
         absl::IsCancelled(error) || absl::IsAborted(error);
}

bool IsServerError(const absl::Status& error) {
  return absl::IsInternal(error) || absl::IsUnknown(error);
}

bool IsStreamBroken(const absl::Status& error) {
  return absl::IsUnavailable(error) || IsServerError(error);
}

bool AwaitsRoomOrRepair(const absl::Status& error) {
  return absl::IsResourceExhausted(error) || ReasonOf(error) == "DATABASE_DAMAGED";
}

absl::Duration Backoff::Next() { return std::exchange(next_, std::min(2 * next_, longest_)); }

absl::Duration Backoff::Next(const absl::Status& error) {
  const absl::Duration own = Next();
  return RetryAfterOf(error).value_or(own);
}

}  // namespace imprint
