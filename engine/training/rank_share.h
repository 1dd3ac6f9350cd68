// Which of a step's samples a rank computes.
#pragma once

#include <cstdint>

namespace imprint {

// Samples `first` to `end` - 1.
struct SampleRange {
  int64_t first;
  int64_t end;
};

// Rank r's share of a step's samples: all ranks' are disjoint, cover them, and differ by one at
// most.
constexpr SampleRange ShareOf(int64_t samples, int rank, int ranks) {
  return {samples * rank / ranks, samples * (rank + 1) / ranks};
}

}  // namespace imprint
