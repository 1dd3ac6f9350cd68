// Where, and in which numbers, a model computes.
#pragma once

#include "engine/devices/compute_device.h"
#include "orders/precision.h"

namespace imprint {

struct ComputeChoice {
  ComputeDevice device;
  Precision precision = Precision::kFp32;

  bool operator==(const ComputeChoice&) const = default;
};

}  // namespace imprint
