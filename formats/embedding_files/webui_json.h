// Reads an embedding as AUTOMATIC1111's web UI writes it into pictures: the dict of its .pt files
// as JSON, with {"TORCHTENSOR": [[...], ...]} for a tensor.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "formats/learned_embedding.h"

namespace imprint {

// Parses the JSON. `token` of the result is the dict's "name", or nothing if it has none. `wanted`
// chooses among several. INVALID_ARGUMENT naming the field, also for what is not an embedding of
// Stable Diffusion 1 or 2.
absl::StatusOr<LearnedEmbedding> ParseWebUiJson(absl::string_view json, absl::string_view wanted);

}  // namespace imprint
