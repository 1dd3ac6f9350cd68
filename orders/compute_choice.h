// The device and the precision that a model computes in.
#pragma once

#include "orders/compute_device.h"
#include "orders/precision.h"

namespace imprint {

struct ComputeChoice {
  ComputeDevice device;
  Precision precision = Precision::kFp32;

  bool operator==(const ComputeChoice&) const = default;
};

}  // namespace imprint
