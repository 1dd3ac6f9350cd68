// The device that a trainer's ranks can compute on. The trainer has no LibTorch: it asks a rank.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

#include "engine/devices/device_facts.h"

namespace imprint {

// The device of that name; for "auto" the first GPU that LibTorch can use, with a warning in the
// log if there is one that it cannot, else the processor. `folder` is for a file with what the rank
// says. INVALID_ARGUMENT, or FAILED_PRECONDITION with LibTorch's reason.
absl::StatusOr<DeviceFacts> FindUsableDevice(const std::string& name,
                                             const std::string& rank_binary,
                                             const std::filesystem::path& folder);

}  // namespace imprint
