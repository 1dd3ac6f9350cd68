// Decides whether a call that failed is worth another try, and how long to wait before it.
//
// Callers differ in what they risk by waiting, so that no single answer would do: each function
// below names one reason to try again, and a caller that has several joins them. An error that none
// of them names is for whoever made the call to correct.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace imprint {

// Returns whether any caller may simply try again (https://google.aip.dev/194): the server was not
// reached, which is UNAVAILABLE, or its answer has a RetryInfo (rpc/status.h), whatever its code.
bool IsRetryable(const absl::Status& error);

// Returns whether the call came to nothing for a reason that passes by itself and says nothing of
// what was asked for: UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED or ABORTED. For programs that work
// on their own: whoever sets the deadline, requests the stop or gives the etag takes
// DEADLINE_EXCEEDED, CANCELLED and ABORTED as answers.
bool IsTransient(const absl::Status& error);

// Returns whether a server was reached and failed at the call, which are INTERNAL and UNKNOWN. It
// may fail at the next try, too, and what was asked for may be why.
bool IsServerError(const absl::Status& error);

// Returns whether a stream may have ended because its connection broke: gRPC says UNAVAILABLE,
// INTERNAL (RST_STREAM) or UNKNOWN ("Stream removed"), depending on where it notices.
bool IsStreamBroken(const absl::Status& error);

// Returns whether a try can succeed once somebody else has acted, and not before: there is no room,
// which is RESOURCE_EXHAUSTED, or the server's database must be restored (DATABASE_DAMAGED).
bool AwaitsRoomOrRepair(const absl::Status& error);

// Exponential back-off. Copyable; not thread-safe.
class Backoff {
 public:
  // The first delay is `first`; each one after it is twice as long, up to `longest`.
  constexpr Backoff(absl::Duration first, absl::Duration longest)
      : first_(first), longest_(longest), next_(first) {}

  // Returns the delay before the next try, after one more failure.
  absl::Duration Next();

  // Like Next, but where the error has a RetryInfo, its delay counts.
  absl::Duration Next(const absl::Status& error);

  // Starts over, after a success.
  void Reset() { next_ = first_; }

 private:
  absl::Duration first_;
  absl::Duration longest_;
  absl::Duration next_;
};

}  // namespace imprint
