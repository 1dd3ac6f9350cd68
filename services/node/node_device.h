// The description of its device that a node reports to the gateway.
#pragma once

#include <imprint/v1/node.pb.h>

#include "engine/devices/device_facts.h"

namespace imprint::node {

// `threads` is the number of threads that the CPU kernels use.
v1::Device NodeDevice(const engine::DeviceFacts& facts, int threads);

}  // namespace imprint::node
