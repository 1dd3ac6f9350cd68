#include "base/malloc_arenas.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <latch>
#include <malloc.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace imprint {
namespace {

int Arenas() {
  char* text = nullptr;
  size_t size = 0;
  FILE* stream = open_memstream(&text, &size);
  malloc_info(0, stream);
  std::fclose(stream);
  int arenas = 0;
  for (const char* at = text; (at = std::strstr(at, "<heap nr=")) != nullptr; ++at) ++arenas;
  std::free(text);
  return arenas;
}

TEST(MallocArenas, ManyThreadsShareFour) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer has an allocator of its own";
#endif
  UseFewMallocArenas();
  ASSERT_LE(Arenas(), 4);
  constexpr int kThreads = 12;
  std::latch all(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&all] {
        // Volatile, or the compiler leaves both out.
        void* volatile block = std::malloc(1000);
        std::free(block);
        all.arrive_and_wait();
      });
    }
  }
  EXPECT_EQ(Arenas(), 4);
}

}  // namespace
}  // namespace imprint
