// The embeddings that a set's prompts may use.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include <imprint/v1/imageset.pb.h>
#include <imprint/v1/registry.pb.h>

#include "gateway/peers/registry_client.h"

namespace imprint::gateway {

// Replaces concepts and aliases in spec.embeddings by versions, and returns these; all fit the
// model. NOT_FOUND or FAILED_PRECONDITION naming the field.
absl::StatusOr<std::vector<v1::Embedding>> PinEmbeddings(const v1::BaseModel& model,
                                                         RegistryClient& registry,
                                                         v1::ImageSetSpec& spec);

}  // namespace imprint::gateway
