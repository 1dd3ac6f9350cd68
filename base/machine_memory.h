// How much memory this machine has.
#pragma once

#include <cstdint>

namespace imprint {

// In bytes: of the whole machine, or of the control group (cgroup v2's memory.max) if that is less.
int64_t MachineMemoryBytes();

// In bytes, what the machine could give before it swaps (MemAvailable); the control group's limit
// is not looked at.
int64_t AvailableMemoryBytes();

}  // namespace imprint
