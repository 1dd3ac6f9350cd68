#include "base/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <unistd.h>

namespace imprint {

int64_t MachineMemoryBytes() {
  const int64_t machine = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  std::ifstream file("/sys/fs/cgroup/memory.max");
  int64_t limit = 0;
  if (!(file >> limit) || limit <= 0) return machine;  // "max": no limit
  return std::min(machine, limit);
}

int64_t AvailableMemoryBytes() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::string unit;
  int64_t kilobytes = 0;
  while (file >> name >> kilobytes) {
    if (name == "MemAvailable:") return kilobytes << 10;
    std::getline(file, unit);
  }
  return 0;
}

}  // namespace imprint
