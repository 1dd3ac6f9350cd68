// How a step's samples are divided among the ranks.
#pragma once

#include <cstdint>

namespace imprint::engine {

// Samples `first` to `end` - 1.
struct SampleRange {
  int64_t first;
  int64_t end;
};

// Returns the rank's share of a step's samples. The shares of all ranks are disjoint, cover every
// sample, and differ in size by at most one.
constexpr SampleRange ShareOf(int64_t samples, int rank, int ranks) {
  return {samples * rank / ranks, samples * (rank + 1) / ranks};
}

}  // namespace imprint::engine
