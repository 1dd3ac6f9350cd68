#include "services/runs/resident_memory.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace imprint {

int64_t ResidentBytes(pid_t process) {
  // Sizes in pages: total, then resident.
  std::ifstream file(absl::StrCat("/proc/", process, "/statm"));
  int64_t total = 0;
  int64_t resident = 0;
  if (!(file >> total >> resident)) return 0;
  return resident * sysconf(_SC_PAGESIZE);
}

int64_t MachineMemoryBytes() {
  const int64_t machine = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  std::ifstream file("/sys/fs/cgroup/memory.max");
  int64_t limit = 0;
  if (!(file >> limit) || limit <= 0) return machine;  // "max": no limit
  return std::min(machine, limit);
}

}  // namespace imprint
