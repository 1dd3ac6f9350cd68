#include "engine/runtime/threads.h"

#include <algorithm>
#include <climits>
#include <fstream>
#include <sched.h>
#include <thread>

#include "absl/strings/str_cat.h"
#include <ATen/Parallel.h>

#include "base/field_error.h"

namespace imprint {
namespace {

// The processors' worth of time that the control group may use: cgroup v2's cpu.max, "200000
// 100000" for two. Containers are narrowed this way, and threads beyond it only wait for each
// other.
int QuotaProcessors() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return INT_MAX;  // "max": no limit
  return std::max(1, static_cast<int>(quota / period));
}

// What the scheduler lets this process use.
int UsableProcessors() {
  cpu_set_t usable;
  const bool known = sched_getaffinity(0, sizeof(usable), &usable) == 0;
  const int processors =
      known ? CPU_COUNT(&usable) : static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, std::min(processors, QuotaProcessors()));
}

}  // namespace

absl::Status SetComputeThreads(int threads) {
  if (threads < 0 || threads > 1024) {
    return FieldError("threads", absl::StrCat(threads), "0 (all processors) to 1024");
  }
  at::set_num_threads(threads == 0 ? UsableProcessors() : threads);
  return absl::OkStatus();
}

int ComputeThreads() { return at::get_num_threads(); }

}  // namespace imprint
