// Finds a device that a trainer's ranks can compute on. The trainer has no LibTorch, so it asks a
// rank.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "engine/devices/device_facts.h"

namespace imprint::trainer {

// Returns the device of that name; for "auto" the first GPU that LibTorch can use, with a warning
// in the log if there is one that it cannot use, else the CPU. The rank's output goes to a file in
// `folder`; `of_gpu` are arguments that a rank on a GPU must be able to follow. Returns
// INVALID_ARGUMENT, or FAILED_PRECONDITION with the reason that LibTorch or the plug-in gives.
absl::StatusOr<DeviceFacts> FindUsableDevice(const std::string& name,
                                             const std::string& rank_binary,
                                             const std::filesystem::path& folder,
                                             const std::vector<std::string>& of_gpu);

}  // namespace imprint::trainer
