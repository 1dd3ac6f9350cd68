#include "base/process_memory.h"

#include <cstdint>
#include <limits>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(DataLimitLeft, IsWhatTheSystemsLimitLeaves) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_DATA, &before), 0);
  if (before.rlim_cur == RLIM_INFINITY) {
    EXPECT_EQ(DataLimitLeft(), std::numeric_limits<int64_t>::max());
  }
  constexpr int64_t kLeft = int64_t{100} << 20;
  const rlimit limit = {.rlim_cur = static_cast<rlim_t>(MemoryOf(getpid()).data + kLeft),
                        .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &limit), 0);
  const int64_t left = DataLimitLeft();
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &before), 0);
  EXPECT_LE(left, kLeft);
  EXPECT_GT(left, kLeft / 2);
}

}  // namespace
}  // namespace imprint
