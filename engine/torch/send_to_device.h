// Giving a device what the processor has made.
#pragma once

#include <ATen/ATen.h>

namespace imprint {

// A tensor of the processor's on a device; itself if that is the processor. Does not wait for a
// GPU: the copy is read from pinned memory, which LibTorch keeps until it is done.
at::Tensor SendTo(at::Device device, const at::Tensor& tensor);

}  // namespace imprint
