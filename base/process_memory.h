// How much memory a process uses.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace imprint {

struct ProcessMemory {
  int64_t size = 0;      // addresses that are mapped
  int64_t resident = 0;  // mapped files included
  int64_t data = 0;      // that it may write to, touched or not, stacks included
};

// In bytes; zeros if there is no such process.
ProcessMemory MemoryOf(pid_t process);

// Bytes of `data` that this process may still take below the system's limit (RLIMIT_DATA); the
// largest number there is without one.
int64_t DataLimitLeft();

}  // namespace imprint
