// The number of processors that this process may use.
#pragma once

namespace imprint {

// Returns what the scheduler's affinity allows, narrowed by the control group's quota (cgroup v2's
// cpu.max), by which containers are limited; at least 1.
int UsableProcessors();

}  // namespace imprint
