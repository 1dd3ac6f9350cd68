// Converts between absl::Status, which we use inside, and what goes over the wire:
// google.rpc.Status with ErrorInfo, BadRequest and RetryInfo (https://google.aip.dev/193).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include <grpcpp/support/status.h>

namespace imprint {

// The domain of every ErrorInfo.
inline constexpr absl::string_view kErrorDomain = "imprint.v1";

// Adds an ErrorInfo: `reason` in UPPER_SNAKE_CASE, for programs.
absl::Status WithReason(absl::Status status, absl::string_view reason,
                        const std::map<std::string, std::string>& metadata = {});

// Adds a RetryInfo: the same call may succeed after `delay`.
absl::Status WithRetryAfter(absl::Status status, absl::Duration delay);

// Return what was added, here or at the other end of the wire; empty or nothing if there is none.
std::string ReasonOf(const absl::Status& status);
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

// Converts a status for the wire. An INVALID_ARGUMENT whose message begins with "field: "
// (base/field_error.h) gets a BadRequest that names the field; every error without an ErrorInfo
// gets one whose reason is what base/error_notes.h notes, or its code's name. What would not fit
// into gRPC's trailers is cut: the message to 1 KiB on the wire, the details to 4 KiB. A diagnosis
// (base/error_notes.h) is not sent.
grpc::Status ToGrpc(const absl::Status& status);

// Converts a status from the wire, with its details.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace imprint
