// The device that a model computes on: the processor, or one of the machine's GPUs.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

enum class DeviceKind { kCpu, kCuda };

struct ComputeDevice {
  DeviceKind kind = DeviceKind::kCpu;
  // Index among the GPUs that CUDA_VISIBLE_DEVICES leaves to this process; 0 for the processor.
  int index = 0;

  bool operator==(const ComputeDevice&) const = default;
};

// Returns the device of a rank in a gang on one machine: the processor, which all share, or the GPU
// that is `rank` after the first.
ComputeDevice DeviceOfRank(const ComputeDevice& first, int rank);

// Returns "cpu" or "cuda".
absl::string_view Name(DeviceKind kind);

// Returns "cpu", "cuda:1", ...
std::string Name(const ComputeDevice& device);

// Returns the same, and "auto" for no device.
std::string NameOrAuto(const std::optional<ComputeDevice>& device);

// Parses "cpu", "cuda" (the first GPU) or "cuda:N"; nothing for "auto". Does not check whether the
// device exists. INVALID_ARGUMENT naming `field`.
absl::StatusOr<std::optional<ComputeDevice>> ParseDevice(absl::string_view field,
                                                         absl::string_view name);

}  // namespace imprint
