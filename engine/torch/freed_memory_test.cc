#include "engine/torch/freed_memory.h"

#include <array>
#include <cstdint>
#include <sys/resource.h>
#include <vector>

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

int64_t PageFaults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// As a step does that keeps three tensors of 30 MB for a while.
void UseNinetyMegabytes() {
  std::array<std::vector<char>, 3> blocks;
  for (std::vector<char>& block : blocks) block.assign(30'000'000, 1);
}

TEST(KeepFreedMemory, AStepFindsTheMemoryOfTheOneBefore) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer's allocator keeps what is freed";
#endif
  KeepFreedMemory();
  UseNinetyMegabytes();
  const int64_t before = PageFaults();
  for (int i = 0; i < 10; ++i) UseNinetyMegabytes();
  // Given back and taken again, one step alone would have 22,000.
  EXPECT_LT(PageFaults() - before, 10'000);
}

}  // namespace
}  // namespace imprint::engine
