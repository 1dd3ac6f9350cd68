#include "base/process_memory.h"

#include <fstream>
#include <string>
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

}  // namespace imprint
