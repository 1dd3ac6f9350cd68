// From a create request to a job that can run: what the caller names exists, fits together, and is
// pinned (an alias becomes a version, a model its fingerprint).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <imprint/v1/job.pb.h>

#include "gateway/api/job_caps.h"
#include "gateway/jobs/job_store.h"
#include "gateway/peers/node_table.h"
#include "gateway/peers/registry_client.h"

namespace imprint::gateway {

// INVALID_ARGUMENT for a bad field or one beyond the caps, NOT_FOUND for what is not in the
// registry, FAILED_PRECONDITION for what does not fit (a concept that has another token, an
// embedding of another family); each names the field. What "auto" stands for is fixed by the nodes
// that there are.
absl::StatusOr<NewJob> Admit(const v1::CreateTrainingJobRequest& request, RegistryClient& registry,
                             const std::vector<KnownNode>& nodes, const JobCaps& caps);
absl::StatusOr<NewJob> Admit(const v1::CreateImageSetJobRequest& request, RegistryClient& registry,
                             const std::vector<KnownNode>& nodes, const JobCaps& caps);

// Identifies what a caller asked for, apart from the request id.
std::string PayloadSha256(v1::CreateTrainingJobRequest request);
std::string PayloadSha256(v1::CreateImageSetJobRequest request);

}  // namespace imprint::gateway
