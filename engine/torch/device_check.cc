#include "engine/torch/device_check.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "engine/torch/torch_device.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {

absl::Status CheckDevice(const ComputeDevice& device) {
  // Any LibTorch computes on the processor.
  if (device.kind == DeviceKind::kCpu) return absl::OkStatus();
  ASSIGN_OR_RETURN(const at::Device found, TorchDevice(device));
  // A GPU may be there for which this LibTorch has no kernels.
  const absl::Status computed = CatchTorchErrors([&] {
    const double sum = at::ones({4}, found).sum().item<double>();
    return sum == 4 ? absl::OkStatus() : absl::InternalError("it computes wrongly");
  });
  return computed.ok() ? computed : UnusableDevice(device, computed.message());
}

absl::StatusOr<ChosenDevice> ChooseDevice(const std::optional<ComputeDevice>& wanted) {
  ChosenDevice chosen;
  ASSIGN_OR_RETURN(chosen.facts, FindDevice("device", NameOrAuto(wanted)));
  const absl::Status usable = CheckDevice(chosen.facts.device);
  if (usable.ok()) return chosen;
  if (wanted) return usable;
  chosen.warning = absl::StrCat("computing on the processor; ", usable.message());
  ASSIGN_OR_RETURN(chosen.facts, FindDevice("device", "cpu"));
  return chosen;
}

}  // namespace imprint::engine
