#include "engine/devices/device_use.h"

#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint {

absl::Status CheckDeviceUse(const ComputeDevice& device, const DeviceUse& use,
                            const std::string& prefix) {
  const auto refuse_memory = [&](const std::string& expected) {
    return FieldError(absl::StrCat(prefix, "device-memory-mb"), absl::StrCat(use.memory_mb),
                      expected);
  };
  if (use.memory_mb < 0) return refuse_memory("MiB, or 0 for no limit");
  if (device.kind != DeviceKind::kCpu) return absl::OkStatus();
  if (use.memory_mb != 0) {
    return refuse_memory(
        absl::StrCat("0 without a GPU: ", prefix, "memory-mb limits a processor's"));
  }
  if (use.cuda_graph) return FieldError("cuda-graph", "true", "false without a GPU");
  return absl::OkStatus();
}

}  // namespace imprint
