// Parses the specs that callers send: checks them and fills in every default. Pure; what only the
// registry knows is checked by admission.h.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/imageset.pb.h>
#include <imprint/v1/job.pb.h>
#include <imprint/v1/registry.pb.h>
#include <imprint/v1/training.pb.h>

namespace imprint::gateway {

// Return INVALID_ARGUMENT naming what is longer than a spec may be. Call it before anything else is
// done with a spec that a caller sent: in memory it may take 25 times its size on the wire, and so
// does every copy.
absl::Status CheckLengths(const v1::TrainingSpec& spec);
absl::Status CheckLengths(const v1::ImageSetSpec& spec);

// Return INVALID_ARGUMENT naming the field ("spec.recipe.steps"), what was given and what is
// expected.
absl::StatusOr<v1::TrainingSpec> ParseTrainingSpec(const v1::TrainingSpec& spec);
absl::StatusOr<v1::ImageSetSpec> ParseImageSetSpec(const v1::ImageSetSpec& spec);

// Checks what depends on the base model: sizes, layers to skip. Fills in the model's own sizes
// where none was given.
absl::Status FitToModel(const v1::BaseModel& model, v1::TrainingSpec& spec);
absl::Status FitToModel(const v1::BaseModel& model, v1::ImageSetSpec& spec);

// The fields that both kinds of create requests have.
absl::StatusOr<v1::JobPriority> ParsePriority(v1::JobPriority priority);
absl::StatusOr<int> ParseMaxAttempts(int max_attempts);
absl::Status CheckTimeouts(const v1::JobTimeouts& timeouts);
absl::Status CheckRequestId(const std::string& request_id);
absl::Status CheckLabels(const google::protobuf::Map<std::string, std::string>& labels);

}  // namespace imprint::gateway
