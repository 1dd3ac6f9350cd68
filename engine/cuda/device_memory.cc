#include "engine/cuda/device_memory.h"

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/cuda/cuda_plugin.h"
#include "engine/cuda/open_plugin.h"
#include "engine/runtime/torch_errors.h"

namespace imprint {

absl::Status LimitDeviceMemory(const ComputeDevice& device, int mebibytes) {
  if (mebibytes == 0) return absl::OkStatus();
  if (mebibytes < 0) {
    return FieldError("device-memory-mb", absl::StrCat(mebibytes), "MiB, or 0 for no limit");
  }
  if (device.kind == DeviceKind::kCpu) {
    return FieldError("device-memory-mb", absl::StrCat(mebibytes),
                      "0 without a GPU: memory-mb limits a processor's");
  }
  ASSIGN_OR_RETURN(const CudaPlugin* plugin, OpenCudaPlugin(device));
  return CatchTorchErrors([&] {
    plugin->limit_memory(device.index, static_cast<int64_t>(mebibytes) << 20);
    return absl::OkStatus();
  });
}

absl::StatusOr<int64_t> TakePeakDeviceMemory(const ComputeDevice& device) {
  if (device.kind == DeviceKind::kCpu) return 0;
  ASSIGN_OR_RETURN(const CudaPlugin* plugin, OpenCudaPlugin(device));
  return CatchTorchErrors(
      [&]() -> absl::StatusOr<int64_t> { return plugin->take_peak_memory(device.index); });
}

}  // namespace imprint
