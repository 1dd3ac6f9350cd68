// Converts values of protobuf enums to text for people.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace imprint {

// ("JOB_STATE_RUNNING", "JOB_STATE_") -> "running".
std::string EnumText(absl::string_view name, absl::string_view prefix);

}  // namespace imprint
