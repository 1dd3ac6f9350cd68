// The processor as a node's device.
#pragma once

#include <imprint/v1/node.pb.h>

namespace imprint {

// With the machine's memory, and what its processor multiplies.
v1::Device CpuDevice(int threads);

}  // namespace imprint
