#include "engine/company/contention_meter.h"

#include <chrono>
#include <filesystem>
#include <sched.h>
#include <thread>

#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "engine/company/busy_thread.h"

namespace imprint::engine {
namespace {

using std::chrono::milliseconds;

constexpr ContentionMeter::Clock::time_point kBegin(milliseconds(5'000));

TEST(ContentionMeter, CountsWhatWasAddedSinceTheLastMeasure) {
  const ScratchFolder threads;
  threads.Write("1/schedstat", "900000000 40000000 12\n");
  threads.Write("2/schedstat", "100000000 7000000 3\n");
  ContentionMeter meter(threads.path(), kBegin);
  threads.Write("1/schedstat", "990000000 140000000 20\n");
  EXPECT_DOUBLE_EQ(meter.Take(kBegin + milliseconds(200)), 0.5);
  EXPECT_DOUBLE_EQ(meter.Take(kBegin + milliseconds(400)), 0);
}

// What the meter takes after 200 ms, in which two threads came to these counts.
double TakenOfTwo(const char* one, const char* other) {
  const ScratchFolder threads;
  threads.Write("1/schedstat", "0 0 0\n");
  threads.Write("2/schedstat", "0 0 0\n");
  ContentionMeter meter(threads.path(), kBegin);
  threads.Write("1/schedstat", one);
  threads.Write("2/schedstat", other);
  return meter.Take(kBegin + milliseconds(200));
}

TEST(ContentionMeter, OnlyThreadsThatComputeCount) {
  EXPECT_DOUBLE_EQ(TakenOfTwo("180000000 20000000 20\n", "9000000 80000000 3\n"), 0.1);
}

TEST(ContentionMeter, ThreadsThatHardlyGetToComputeCount) {
  EXPECT_DOUBLE_EQ(TakenOfTwo("10000000 190000000 20\n", "8000000 150000000 3\n"), 1.7);
}

TEST(ContentionMeter, ThreadsComeAndGo) {
  const ScratchFolder threads;
  threads.Write("1/schedstat", "900000000 40000000 12\n");
  ContentionMeter meter(threads.path(), kBegin);
  std::filesystem::remove_all(threads.path() / "1");
  threads.Write("2/schedstat", "100000000 30000000 3\n");
  EXPECT_DOUBLE_EQ(meter.Take(kBegin + milliseconds(100)), 0.3);
}

TEST(ContentionMeter, IsZeroWhereNothingIsCounted) {
  const ScratchFolder threads;
  threads.Write("1/stat", "1 (x) R\n");
  ContentionMeter meter(threads.path(), kBegin);
  EXPECT_DOUBLE_EQ(meter.Take(kBegin + milliseconds(200)), 0);
  ContentionMeter nowhere(threads.path() / "none", kBegin);
  EXPECT_DOUBLE_EQ(nowhere.Take(kBegin), 0);
}

TEST(ContentionMeter, SeesTwoThreadsOnOneProcessor) {
  if (!std::filesystem::exists("/proc/self/schedstat")) {
    GTEST_SKIP() << "this kernel does not count";
  }
  cpu_set_t usable;
  ASSERT_EQ(sched_getaffinity(0, sizeof(usable), &usable), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  {
    const BusyThread first;
    const BusyThread second;
    ContentionMeter meter;
    // However late this thread wakes up, the two have had to take turns until then.
    std::this_thread::sleep_for(milliseconds(200));
    EXPECT_GT(meter.Take(), 0.25);
  }
  sched_setaffinity(0, sizeof(usable), &usable);
}

}  // namespace
}  // namespace imprint::engine
