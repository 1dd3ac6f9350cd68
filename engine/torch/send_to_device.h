// Sends what the processor has made to a device.
#pragma once

#include <ATen/ATen.h>

namespace imprint::engine {

// Copies a tensor from the processor to a device; returns the tensor itself if that is the
// processor. Does not wait for a GPU: the copy is read from pinned memory, which LibTorch keeps
// until it is done.
at::Tensor SendTo(at::Device device, const at::Tensor& tensor);

}  // namespace imprint::engine
