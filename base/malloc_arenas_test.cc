#include "base/malloc_arenas.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace imprint {
namespace {

// glibc's arenas but for the first begin at multiples of this (HEAP_MAX_SIZE).
constexpr uintptr_t kArenaAlignment = uintptr_t{64} << 20;

TEST(MallocArenas, ManyThreadsShareTwo) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer has an allocator of its own";
#endif
  UseFewMallocArenas();
  constexpr int kThreads = 12;
  std::latch all(kThreads);
  std::array<void*, kThreads> blocks{};
  {
    std::vector<std::jthread> threads;
    for (void*& block : blocks) {
      threads.emplace_back([&all, &block] {
        block = std::malloc(1000);
        all.arrive_and_wait();
      });
    }
  }
  std::set<uintptr_t> arenas;
  for (void* block : blocks) {
    arenas.insert(reinterpret_cast<uintptr_t>(block) / kArenaAlignment);
    std::free(block);
  }
  EXPECT_LE(arenas.size(), 2U);
}

}  // namespace
}  // namespace imprint
