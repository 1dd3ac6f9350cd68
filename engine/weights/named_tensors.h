// A component's weights by name, as they lie in its file.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

namespace imprint {

// Name -> tensor in the type it is stored in.
using NamedTensors = std::map<std::string, at::Tensor, std::less<>>;

// Maps a safetensors file: nothing is copied until a tensor is used, and the mapping lives as long
// as any of them. Errors name the file. Types that LibTorch lacks on this device are refused by
// name.
absl::StatusOr<NamedTensors> MapWeights(const std::filesystem::path& path);

// The tensors whose names do not end in `ending`: checkpoints hold some that no layer wants.
NamedTensors WithoutEnding(NamedTensors tensors, absl::string_view ending);

}  // namespace imprint
