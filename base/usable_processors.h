// How many processors this process may use.
#pragma once

namespace imprint {

// At least 1: what the scheduler's affinity allows, narrowed by the control group's quota (cgroup
// v2's cpu.max), by which containers are limited.
int UsableProcessors();

}  // namespace imprint
