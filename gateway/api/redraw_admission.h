// Admission of pictures that are drawn again from their records.
#pragma once

#include "absl/status/statusor.h"

#include "gateway/api/set_admission.h"

namespace imprint::gateway {

// Takes all from the set whose items are named: that must be there, and so must its base model,
// with the same fingerprint, and its embeddings. INVALID_ARGUMENT, NOT_FOUND or FAILED_PRECONDITION
// naming the field, and what is needed that is gone.
absl::StatusOr<AdmittedSet> AdmitRedraw(const v1::ImageSetSpec& spec, RegistryClient& registry,
                                        const AdmissionRules& rules);

}  // namespace imprint::gateway
