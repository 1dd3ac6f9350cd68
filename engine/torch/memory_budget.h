// Keeps tensors from taking the last of the processor's memory: oneDNN crashes where it finds none.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace imprint::engine {

// Limits this process to that many MiB from then on; 0 is no limit. Allocations beyond it fail
// (RLIMIT_DATA, with room for stacks and for the allocator's reserves, which count although they
// may never be touched). INTERNAL if the system refuses.
absl::Status LimitProcessMemory(int mebibytes);

// As long as this object lives, tensors may take `bytes` more; beyond that LibTorch reports that
// memory is out. From the first budget on, the process takes large blocks from the system, and
// gives them back to it, one by one. Only one may exist in a process at a time; it is used by one
// thread, while others compute.
class MemoryBudget {
 public:
  // Returns the budget of a training: what this process's limit leaves, less a reserve; without a
  // limit there is no budget.
  static int64_t OfTraining();
  // Returns the budget of a trial, which may take more than there is: it also respects what the
  // machine has free.
  static int64_t OfTrial();

  explicit MemoryBudget(int64_t bytes);
  ~MemoryBudget();
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

 private:
  const bool limits_;
};

}  // namespace imprint::engine
