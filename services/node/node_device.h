// What a node computes with, as it tells the gateway.
#pragma once

#include <imprint/v1/node.pb.h>

#include "engine/devices/device_facts.h"

namespace imprint::node {

// `threads`: of the kernels on the processor.
v1::Device NodeDevice(const DeviceFacts& facts, int threads);

}  // namespace imprint::node
