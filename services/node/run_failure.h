// Maps errors to the Failure that a run ends with.
#pragma once

#include "absl/status/status.h"
#include <imprint/v1/job.pb.h>

namespace imprint::node {

// What the engine was doing when it failed.
enum class EngineWork { kLoading, kComputing };

// Maps an error of the engine. BAD_INPUT and MODEL_NOT_FOUND are final; OUT_OF_MEMORY and INTERNAL
// are retryable. An error that carries a reason of its own (rpc/status.h: MODEL_MISMATCH) keeps it,
// and is final.
v1::Failure EngineFailure(EngineWork work, const absl::Status& error);

// Maps a device's error to DEVICE_LOST, which is retryable: another device may do.
v1::Failure DeviceFailure(const absl::Status& error);

// Maps a gang's error to GANG_BROKEN, which says that another rank ended or fell silent, but not
// why.
v1::Failure GangFailure(const absl::Status& error);

// Maps the registry's error of a download or an upload, whatever reason it carries. TICKET_VOID,
// BAD_INPUT and DATA_LOST, which only a backup can repair, are final. The others are retryable:
// REGISTRY_UNAVAILABLE and REGISTRY_FULL, which are the registry's fault alone, and
// REGISTRY_FAILED, which counts against the job because it may be the job that the registry cannot
// serve.
v1::Failure RegistryFailure(const absl::Status& error);

}  // namespace imprint::node
