#include "services/node/run_failure.h"

#include <string>

#include "absl/strings/string_view.h"

#include "rpc/retry.h"
#include "rpc/status.h"

namespace imprint::node {
namespace {

v1::Failure Final(absl::string_view reason, const absl::Status& error) {
  v1::Failure failure;
  failure.set_reason(std::string(reason));
  failure.set_message(std::string(error.message()));
  return failure;
}

v1::Failure Retryable(absl::string_view reason, const absl::Status& error) {
  v1::Failure failure = Final(reason, error);
  failure.set_retryable(true);
  return failure;
}

}  // namespace

v1::Failure EngineFailure(EngineWork work, const absl::Status& error) {
  if (const std::string reason = ReasonOf(error); !reason.empty()) return Final(reason, error);
  switch (error.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return Final("BAD_INPUT", error);
    case absl::StatusCode::kNotFound:
      return Final(work == EngineWork::kLoading ? "MODEL_NOT_FOUND" : "BAD_INPUT", error);
    case absl::StatusCode::kResourceExhausted:
      return Retryable("OUT_OF_MEMORY", error);
    default:
      return Retryable("INTERNAL", error);
  }
}

v1::Failure DeviceFailure(const absl::Status& error) { return Retryable("DEVICE_LOST", error); }

v1::Failure GangFailure(const absl::Status& error) { return Retryable("GANG_BROKEN", error); }

v1::Failure RegistryFailure(const absl::Status& error) {
  if (IsTransient(error)) return Retryable("REGISTRY_UNAVAILABLE", error);
  switch (error.code()) {
    case absl::StatusCode::kPermissionDenied:
      return Final("TICKET_VOID", error);
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
      return Final("BAD_INPUT", error);
    case absl::StatusCode::kDataLoss:
      // A database that is damaged will be restored; a picture that is gone will not come again.
      return ReasonOf(error) == "DATABASE_DAMAGED" ? Retryable("REGISTRY_UNAVAILABLE", error)
                                                   : Final("DATA_LOST", error);
    case absl::StatusCode::kResourceExhausted:
      return Retryable("REGISTRY_FULL", error);
    default:
      return Retryable("REGISTRY_FAILED", error);
  }
}

}  // namespace imprint::node
