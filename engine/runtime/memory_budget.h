// Keeping tensors from taking the last of the memory.
#pragma once

#include <cstdint>

namespace imprint {

// Where this process's memory is limited (RLIMIT_DATA), tensors on the processor may take what is
// left of it but for a reserve, as long as this object lives: beyond that LibTorch says that memory
// is out. Without it the limit would as well be met within oneDNN, which crashes then. One at a
// time in a process.
class MemoryBudget {
 public:
  MemoryBudget();
  // Of so many bytes, whatever the process's limit is.
  explicit MemoryBudget(int64_t bytes);
  ~MemoryBudget();
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

 private:
  const bool limits_;
};

}  // namespace imprint
