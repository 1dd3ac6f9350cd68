// Admission: turns a create request into a job that can run. What the caller names exists, fits
// together, and is pinned (an alias becomes a version, a model its fingerprint).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include <imprint/v1/job.pb.h>

#include "gateway/api/admission_rules.h"
#include "gateway/jobs/job_store.h"
#include "gateway/peers/registry_client.h"

namespace imprint::gateway {

// The policy is held against the prompts of image sets and the templates of trainings. Returns
// INVALID_ARGUMENT for a bad field or one beyond the caps, NOT_FOUND for what is not in the
// registry, and FAILED_PRECONDITION for what does not fit together (a concept that has another
// token, an embedding of another family); each names the field.
absl::StatusOr<NewJob> Admit(const v1::CreateTrainingJobRequest& request, RegistryClient& registry,
                             const AdmissionRules& rules);
absl::StatusOr<NewJob> Admit(const v1::CreateImageSetJobRequest& request, RegistryClient& registry,
                             const AdmissionRules& rules);

// Returns a hash of what a caller asked for, without the request id.
std::string PayloadSha256(v1::CreateTrainingJobRequest request);
std::string PayloadSha256(v1::CreateImageSetJobRequest request);

}  // namespace imprint::gateway
