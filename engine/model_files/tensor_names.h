// One name for each weight, whatever the age of the library that saved it.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace imprint::engine {

// Returns a tensor's name in `component` ("unet", "vae", ...) as today's Diffusers writes it.
// Nothing for tensors that have no place in such a network, and must change neither whether it
// loads nor its fingerprint: tables that are rebuilt from the configuration, CLIP's projection and
// temperature, whatever else a training or a merge left there.
std::optional<std::string> CanonicalTensorName(absl::string_view component, absl::string_view name);

}  // namespace imprint::engine
