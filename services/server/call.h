// The entry of every handler: a call that has been cancelled is not begun, errors are mapped in one
// way, and no exception escapes.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "base/error_notes.h"
#include "rpc/status.h"
#include "services/server/refusal.h"

namespace imprint {

// Maps a status for the wire. Errors that are the server's fault are logged, with the diagnosis
// that the caller is not told.
grpc::Status Answered(const absl::Status& status);

// Runs `body`, which returns absl::Status, for a call:
//   return Answer(*context, [&] { return jobs_.Delete(request->name()); });
template <typename Body>
grpc::Status Answer(grpc::ServerContextBase& context, Body&& body) {
  if (const absl::Status refused = TakeRefusal(context); !refused.ok()) return Answered(refused);
  if (context.IsCancelled()) return {grpc::StatusCode::CANCELLED, "the caller has gone"};
  try {
    return Answered(std::forward<Body>(body)());
  } catch (const std::exception& error) {
    return Answered(
        WithDiagnosis(absl::InternalError("unexpected; see the server's log"), error.what()));
  }
}

// Like Answer, for a `body` that returns absl::StatusOr<Response> and a call that answers with it.
template <typename Response, typename Body>
grpc::Status AnswerWith(grpc::ServerContextBase& context, Response& response, Body&& body) {
  return Answer(context, [&]() -> absl::Status {
    auto result = std::forward<Body>(body)();
    if (!result.ok()) return std::move(result).status();
    response = *std::move(result);
    return absl::OkStatus();
  });
}

// Returns the id of the trace that the call belongs to: 32 hexadecimal digits, from the caller's
// `traceparent` header (https://www.w3.org/TR/trace-context/) or new.
std::string TraceId(const grpc::ServerContextBase& context);

}  // namespace imprint
