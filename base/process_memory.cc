#include "base/process_memory.h"

#include <fstream>
#include <limits>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace imprint {

ProcessMemory MemoryOf(pid_t process) {
  // Sizes in pages: total, resident, shared, text, 0, data.
  std::ifstream file(absl::StrCat("/proc/", process, "/statm"));
  int64_t unused = 0;
  ProcessMemory memory;
  if (!(file >> memory.size >> memory.resident >> unused >> unused >> unused >> memory.data))
    return {};
  const int64_t page = sysconf(_SC_PAGESIZE);
  return {
      .size = memory.size * page, .resident = memory.resident * page, .data = memory.data * page};
}

int64_t DataLimitLeft() {
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<int64_t>::max();
  }
  return static_cast<int64_t>(limit.rlim_cur) - MemoryOf(getpid()).data;
}

}  // namespace imprint
