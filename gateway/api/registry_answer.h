// What the registry says of the things that a spec names, as errors about its fields.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/registry.pb.h>
#include <imprint/v1/transfer.pb.h>

#include "gateway/peers/registry_client.h"

namespace imprint::gateway {

// Names the field that an answer is about: "spec.base_model: there is no ...". That the registry
// gives no answer is not the field's fault.
absl::Status For(absl::string_view field, const absl::Status& status);

// Whether the tokens can stand beside the model's words; `fields` says where each comes from.
// INVALID_ARGUMENT naming the one that cannot.
absl::StatusOr<v1::CheckTokensResponse> CheckTokens(const v1::BaseModel& model,
                                                    const std::vector<std::string>& tokens,
                                                    const std::vector<std::string>& fields,
                                                    const std::string& concept_name,
                                                    RegistryClient& registry);

}  // namespace imprint::gateway
