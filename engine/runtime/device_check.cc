#include "engine/runtime/device_check.h"

#include "engine/runtime/torch_device.h"

namespace imprint {

absl::Status CheckDevice(const ComputeDevice& device) { return TorchDevice(device).status(); }

}  // namespace imprint
