// Keeping tensors from taking the last of the processor's memory: oneDNN crashes where it finds
// none.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace imprint {

// From then on this process may take so many MiB; 0 is no limit. What is beyond fails (RLIMIT_DATA,
// with room for stacks and for reserves of the allocator, which count although nobody may ever
// touch them). INTERNAL if the system refuses.
absl::Status LimitProcessMemory(int mebibytes);

// As long as this object lives, tensors may take so many bytes more; beyond that LibTorch says that
// memory is out. From the first one on, a process takes large blocks from the system, and gives
// them back to it, one by one. One at a time in a process; used by one thread, while others
// compute.
class MemoryBudget {
 public:
  // Of what this process's limit leaves, but for a reserve; no budget without a limit.
  static int64_t OfTraining();
  // Of what the machine has free, too: for what may take more than there is.
  static int64_t OfTrial();

  explicit MemoryBudget(int64_t bytes);
  ~MemoryBudget();
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

 private:
  const bool limits_;
};

}  // namespace imprint
