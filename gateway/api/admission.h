// From a create request to a job that can run: what the caller names exists, fits together, and is
// pinned (an alias becomes a version, a model its fingerprint).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include <imprint/v1/job.pb.h>

#include "gateway/dispatch/registry_client.h"
#include "gateway/jobs/job_store.h"

namespace imprint {

// INVALID_ARGUMENT for a bad field, NOT_FOUND for what is not in the registry, FAILED_PRECONDITION
// for what does not fit (a concept that has another token, an embedding of another family); each
// names the field.
absl::StatusOr<NewJob> Admit(const v1::CreateTrainingJobRequest& request, RegistryClient& registry);
absl::StatusOr<NewJob> Admit(const v1::CreateImageSetJobRequest& request, RegistryClient& registry);

// Identifies what a caller asked for, apart from the request id.
std::string PayloadSha256(v1::CreateTrainingJobRequest request);
std::string PayloadSha256(v1::CreateImageSetJobRequest request);

}  // namespace imprint
