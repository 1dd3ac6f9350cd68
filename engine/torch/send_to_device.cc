#include "engine/torch/send_to_device.h"

namespace imprint::engine {

at::Tensor SendTo(at::Device device, const at::Tensor& tensor) {
  if (!device.is_cuda()) return tensor.to(device);
  return tensor.pin_memory().to(device, /*non_blocking=*/true);
}

}  // namespace imprint::engine
