// Finds a device that a trainer's ranks can compute on. The trainer has no LibTorch, so it asks a
// rank.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

#include "engine/devices/device_facts.h"
#include "orders/compute_options.h"

namespace imprint::trainer {

// Returns the device of those options; for "auto" the first GPU that LibTorch can use, with a
// warning in the log if there is one that it cannot use, else the CPU. A rank on a GPU must be able
// to follow all of the options. Its output goes to a file in `folder`. Returns INVALID_ARGUMENT, or
// FAILED_PRECONDITION with the reason that LibTorch or the plug-in gives.
absl::StatusOr<engine::DeviceFacts> FindUsableDevice(const ComputeOptions& compute,
                                                     const std::string& rank_binary,
                                                     const std::filesystem::path& folder);

}  // namespace imprint::trainer
