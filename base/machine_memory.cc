#include "base/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <unistd.h>

namespace imprint {

int64_t MachineMemoryBytes() {
  const int64_t machine = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  std::ifstream file("/sys/fs/cgroup/memory.max");
  int64_t limit = 0;
  if (!(file >> limit) || limit <= 0) return machine;  // "max": no limit
  return std::min(machine, limit);
}

}  // namespace imprint
