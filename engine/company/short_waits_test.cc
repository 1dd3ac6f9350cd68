#include "engine/company/short_waits.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <omp.h>
#include <thread>

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

// Seconds of processor time of the calling thread.
double Worked() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Seconds of processor time that one thread takes to wait for another, ten times.
double SpentWaiting() {
  double spent = 0;
#pragma omp parallel num_threads(2)
  {
    for (int i = 0; i < 10; ++i) {
      const double before = Worked();
      if (omp_get_thread_num() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
#pragma omp barrier
      if (omp_get_thread_num() == 1) spent += Worked() - before;
    }
  }
  return spent;
}

TEST(ShortWaits, LastAsLongAsTheyAreWanted) {
  const int processors = omp_get_num_procs();
  if (processors < 2) GTEST_SKIP() << "libgomp never waits long on one processor";
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) {
    GTEST_SKIP() << "the environment says how to wait";
  }
  const double before = SpentWaiting();
  double meanwhile = 0;
  {
    const ShortWaits wanted(processors);
    meanwhile = SpentWaiting();
  }
  const double after = SpentWaiting();
  EXPECT_GT(before, 5 * meanwhile);
  EXPECT_GT(after, 5 * meanwhile);
}

TEST(IdleThreadsNeeded, MakeMoreThreadsThanProcessors) {
  EXPECT_EQ(IdleThreadsNeeded(2, 2), 1);
  EXPECT_EQ(IdleThreadsNeeded(2, 4), 3);
  EXPECT_EQ(IdleThreadsNeeded(8, 2), 1);
}

TEST(IdleThreadsNeeded, AreNoneWhereTheyWouldBeMany) {
  EXPECT_EQ(IdleThreadsNeeded(2, 17), 16);
  EXPECT_EQ(IdleThreadsNeeded(2, 18), 0);
}

}  // namespace
}  // namespace imprint::engine
