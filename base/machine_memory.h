// How much memory this machine has.
#pragma once

#include <cstdint>

namespace imprint {

// In bytes: of the whole machine, or of the control group (cgroup v2's memory.max) if that is less.
int64_t MachineMemoryBytes();

}  // namespace imprint
