#include "engine/training/rank_share.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

TEST(ShareOf, SharesCoverAStepOnceAndAreAlike) {
  for (int64_t samples = 1; samples <= 40; ++samples) {
    for (int ranks = 1; ranks <= samples; ++ranks) {
      int64_t next = 0;
      int64_t least = samples;
      int64_t most = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const SampleRange share = ShareOf(samples, rank, ranks);
        EXPECT_EQ(share.first, next);
        least = std::min(least, share.end - share.first);
        most = std::max(most, share.end - share.first);
        next = share.end;
      }
      EXPECT_EQ(next, samples);
      EXPECT_GE(least, 1) << "nobody idles";
      EXPECT_LE(most - least, 1);
    }
  }
}

}  // namespace
}  // namespace imprint::engine
