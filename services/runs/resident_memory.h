// How much memory a process uses.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace imprint {

// Resident bytes of a process, mapped files included; 0 if there is no such process.
int64_t ResidentBytes(pid_t process);

}  // namespace imprint
