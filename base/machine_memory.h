// The memory of this machine.
#pragma once

#include <cstdint>

namespace imprint {

// Returns the bytes of the whole machine, or of the control group (cgroup v2's memory.max) if that
// is less.
int64_t MachineMemoryBytes();

// Returns the bytes that the machine could give before it swaps (MemAvailable); the control group's
// limit is not considered.
int64_t AvailableMemoryBytes();

}  // namespace imprint
