#include "base/usable_processors.h"

#include <algorithm>
#include <climits>
#include <fstream>
#include <sched.h>
#include <thread>

namespace imprint {
namespace {

// The processors' worth of time that the control group may use: "200000 100000" for two. Threads
// beyond it only wait for each other.
int QuotaProcessors() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return INT_MAX;  // "max": no limit
  return std::max(1, static_cast<int>(quota / period));
}

}  // namespace

int UsableProcessors() {
  cpu_set_t usable;
  const bool known = sched_getaffinity(0, sizeof(usable), &usable) == 0;
  const int processors =
      known ? CPU_COUNT(&usable) : static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, std::min(processors, QuotaProcessors()));
}

}  // namespace imprint
