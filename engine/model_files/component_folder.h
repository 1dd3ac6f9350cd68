// One component's folder as Diffusers saves it: config.json and weights. Needs no LibTorch.
#pragma once

#include <filesystem>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/json_object.h"
#include "engine/model_files/model_files.h"

namespace imprint::engine {

// Returns whether a file or folder exists, as far as the system tells.
bool Exists(const std::filesystem::path& path);

// Reads a configuration. NOT_FOUND naming the file if it is missing.
absl::StatusOr<JsonObject> LoadConfig(const std::filesystem::path& path);

// Returns a component's weights files: diffusion_pytorch_model.safetensors or model.safetensors,
// the shards that their index.json names, or the .fp16 variants of either. NOT_FOUND if there is
// none; INVALID_ARGUMENT for pickled weights and for an index that leaves the folder.
absl::StatusOr<std::vector<std::filesystem::path>> WeightsPathsIn(
    const std::filesystem::path& folder);

// Opens the tensors in them, under today's names. INVALID_ARGUMENT if two have one name.
absl::StatusOr<ComponentWeights> WeightsIn(const std::filesystem::path& folder,
                                           absl::string_view component);

}  // namespace imprint::engine
