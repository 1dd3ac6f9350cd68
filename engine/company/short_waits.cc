#include "engine/company/short_waits.h"

#include <algorithm>
#include <latch>
#include <omp.h>
#include <pthread.h>
#include <vector>

namespace imprint::engine {
namespace {

constexpr int kMostIdle = 16;

// libgomp ends the whole process if it cannot start a thread; this throws before it tries.
void CheckThreadsCanBeHad(int count) {
  std::latch all(count);
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<size_t>(count));
  try {
    for (int i = 0; i < count; ++i) threads.emplace_back([&all] { all.arrive_and_wait(); });
  } catch (...) {
    all.count_down(count - static_cast<int>(threads.size()));
    throw;
  }
}

// The thread that begins a team is not counted by libgomp, the others are, until it ends.
void KeepTeam(int idle, std::latch& begun, const std::atomic<bool>& over) {
  pthread_setname_np(pthread_self(), "short-waits");
#pragma omp parallel num_threads(idle + 1)
  {
    // A region with nothing in it would be left out by the compiler.
    if (omp_get_thread_num() == 0) begun.count_down();
  }
  over.wait(false);
}

}  // namespace

int IdleThreadsNeeded(int threads, int processors) {
  const int needed = std::max(1, processors - threads + 1);
  return needed > kMostIdle ? 0 : needed;
}

ShortWaits::ShortWaits(int idle) {
  CheckThreadsCanBeHad(idle + 1);
  std::latch begun(1);
  team_ = std::jthread([this, &begun, idle] { KeepTeam(idle, begun, over_); });
  begun.wait();
}

ShortWaits::~ShortWaits() {
  over_ = true;
  over_.notify_all();
}

}  // namespace imprint::engine
