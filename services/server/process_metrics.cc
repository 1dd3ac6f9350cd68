#include "services/server/process_metrics.h"

#include <algorithm>
#include <filesystem>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "base/process_memory.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

double CpuSeconds() {
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) != 0) return 0;
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int OpenDescriptors() {
  std::error_code error;
  int count = 0;
  for (fs::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error)) {
    ++count;
  }
  // Without the descriptor that the directory is read from.
  return std::max(count - 1, 0);
}

double MostDescriptors() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

}  // namespace

void MeasureProcess(Metrics& metrics) {
  prometheus::Counter& cpu =
      metrics.Counter("process_cpu_seconds_total", "Processor time that the process has taken.");
  prometheus::Gauge& resident =
      metrics.Gauge("process_resident_memory_bytes", "Memory of the process that is resident.");
  prometheus::Gauge& size =
      metrics.Gauge("process_virtual_memory_bytes", "Addresses that the process has mapped.");
  prometheus::Gauge& open = metrics.Gauge("process_open_fds", "Descriptors that are open.");
  metrics.Gauge("process_max_fds", "Descriptors that may be open.").Set(MostDescriptors());
  metrics.Gauge("process_start_time_seconds", "When the process began, in Unix time.")
      .Set(absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()));
  metrics.BeforeScrape([&cpu, &resident, &size, &open] {
    // A Counter can only be incremented, so it gets the difference.
    cpu.Increment(CpuSeconds() - cpu.Value());
    const ProcessMemory memory = MemoryOf(getpid());
    resident.Set(static_cast<double>(memory.resident));
    size.Set(static_cast<double>(memory.size));
    open.Set(OpenDescriptors());
  });
}

}  // namespace imprint
