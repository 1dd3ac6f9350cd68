// The memory that a process uses.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace imprint {

struct ProcessMemory {
  int64_t size = 0;      // mapped addresses
  int64_t resident = 0;  // including mapped files
  int64_t data = 0;      // writable memory, touched or not, including stacks
};

// Returns a process's memory in bytes; zeros if there is no such process.
ProcessMemory MemoryOf(pid_t process);

// Returns the bytes of `data` that this process may still take below the system's limit
// (RLIMIT_DATA); the largest number there is without a limit.
int64_t DataLimitLeft();

}  // namespace imprint
