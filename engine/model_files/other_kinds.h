// Recognizes files that are not Stable Diffusion 1.x or 2.x checkpoints by their first bytes or by
// the names of their tensors.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "formats/safetensors.h"

namespace imprint::engine {

// Returns what the file is, such as "a GGUF file (quantised weights)"; nothing if it may be
// safetensors. `begin` has the file's first 9 bytes: the length of a safetensors header may begin
// like a pickle, but then a JSON object follows.
std::optional<std::string> OtherFileFormat(absl::string_view begin);

// Returns what the file is, such as "a LoRA file, ..."; nothing if no name speaks against a
// checkpoint.
std::optional<std::string> OtherCheckpoint(const TensorViews& tensors);

}  // namespace imprint::engine
