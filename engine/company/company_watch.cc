#include "engine/company/company_watch.h"

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <omp.h>
#include <optional>
#include <pthread.h>
#include <stop_token>

#include "absl/time/time.h"
#include <ATen/Parallel.h>

#include "base/pause.h"
#include "base/process_memory.h"
#include "engine/company/company_judge.h"
#include "engine/company/contention_meter.h"
#include "engine/company/short_waits.h"

namespace imprint::engine {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(200);
// More than the stacks of the watch and of its idle threads.
constexpr int64_t kRoomNeeded = int64_t{256} << 20;

bool WaitingIsSet() {
  return std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr;
}

void Watch(const std::stop_token& over, int idle) {
  ContentionMeter meter;
  CompanyJudge judge;
  std::optional<ShortWaits> short_waits;
  for (Pause(over, kInterval); !over.stop_requested(); Pause(over, kInterval)) {
    if (!judge.Judge(meter.Take())) {
      short_waits.reset();
    } else if (!short_waits) {
      short_waits.emplace(idle);
    }
  }
}

// Where a thread or memory cannot be had, the kernels go on waiting as they did: to watch is not
// worth failing for.
void WatchIfPossible(const std::stop_token& over, int idle) {
  try {
    Watch(over, idle);
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace

CompanyWatch::CompanyWatch(const c10::Device& device) {
  const int threads = at::get_num_threads();
  const int idle = IdleThreadsNeeded(threads, omp_get_num_procs());
  if (!device.is_cpu() || threads < 2 || idle == 0 || WaitingIsSet() ||
      DataLimitLeft() < kRoomNeeded) {
    return;
  }
  try {
    thread_ = std::jthread(WatchIfPossible, idle);
    pthread_setname_np(thread_.native_handle(), "company-watch");
  } catch (const std::exception&) {
    return;
  }
}

CompanyWatch::~CompanyWatch() = default;

}  // namespace imprint::engine
