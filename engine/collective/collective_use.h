// The cost to one rank of communication with the others. Needs no LibTorch.
#pragma once

#include <cstdint>

namespace imprint::engine {

struct CollectiveUse {
  int64_t operations = 0;
  int64_t bytes = 0;   // size of the tensors, not of the network traffic
  double seconds = 0;  // includes waiting for slower ranks

  CollectiveUse operator-(const CollectiveUse& before) const {
    return {operations - before.operations, bytes - before.bytes, seconds - before.seconds};
  }
};

}  // namespace imprint::engine
