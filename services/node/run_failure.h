// From an error to the Failure that a run ends with.
#pragma once

#include "absl/status/status.h"
#include <imprint/v1/job.pb.h>

namespace imprint::node {

// What the engine was doing when it failed.
enum class EngineWork { kLoading, kComputing };

// The engine's error. BAD_INPUT and MODEL_NOT_FOUND are final, OUT_OF_MEMORY and INTERNAL may go
// well on another attempt. An error that carries a reason of its own (rpc/status.h:
// MODEL_MISMATCH) keeps it, and is final.
v1::Failure EngineFailure(EngineWork work, const absl::Status& error);

// A device's error: DEVICE_LOST, which may go well elsewhere.
v1::Failure DeviceFailure(const absl::Status& error);

// A gang's error: GANG_BROKEN, which says that another rank ended or was silent, and not why.
v1::Failure GangFailure(const absl::Status& error);

// The registry's error, of a download or an upload, whatever reason it carries. Final: TICKET_VOID,
// BAD_INPUT and DATA_LOST, which only a backup mends. May go well on another attempt:
// REGISTRY_UNAVAILABLE and REGISTRY_FULL, which are nobody's fault but the registry's, and
// REGISTRY_FAILED, which counts against the job: it may be the job that the registry cannot serve.
v1::Failure RegistryFailure(const absl::Status& error);

}  // namespace imprint::node
