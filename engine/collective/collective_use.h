// What working with other ranks took of one. Needs no LibTorch.
#pragma once

#include <cstdint>

namespace imprint {

struct CollectiveUse {
  int64_t operations = 0;
  int64_t bytes = 0;   // of tensors, not of what the network carried
  double seconds = 0;  // waiting for slower ranks included

  CollectiveUse operator-(const CollectiveUse& before) const {
    return {operations - before.operations, bytes - before.bytes, seconds - before.seconds};
  }
};

}  // namespace imprint
