// A component's weights by name, as stored in its file.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

#include "formats/safetensors.h"

namespace imprint::engine {

// Name -> tensor, in the type in which it is stored.
using NamedTensors = std::map<std::string, at::Tensor, std::less<>>;

// Maps a safetensors file: nothing is copied until a tensor is used, the mapping lives as long as
// any of them, and the last user of a tensor gives its memory back. Errors name the file. Types
// that LibTorch lacks on this device are refused by name.
absl::StatusOr<NamedTensors> MapWeights(const std::filesystem::path& path);

// Does the same for tensors of files that are open already: `owner` keeps their bytes mapped, and
// errors call them `origin`.
absl::StatusOr<NamedTensors> TensorsOf(const TensorViews& views, std::shared_ptr<const void> owner,
                                       absl::string_view origin);

}  // namespace imprint::engine
