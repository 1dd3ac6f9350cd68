// One name for each weight, whatever the age of the library that saved it.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace imprint {

// A tensor's name in `component` ("unet", "vae", ...) as today's Diffusers writes it. Nothing for a
// table that is rebuilt from the configuration: older libraries stored it, and it must not change a
// model's fingerprint.
std::optional<std::string> CanonicalTensorName(absl::string_view component, absl::string_view name);

}  // namespace imprint
