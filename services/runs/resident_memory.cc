#include "services/runs/resident_memory.h"

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

}  // namespace imprint
