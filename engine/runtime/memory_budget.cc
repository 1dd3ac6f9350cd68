#include "engine/runtime/memory_budget.h"

#include <atomic>
#include <fstream>
#include <limits>
#include <malloc.h>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

namespace imprint {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
constexpr int kLargeBlock = 1 << 20;
// For what is not a tensor: code and scratch space of oneDNN.
constexpr int64_t kReserve = 96 << 20;
constexpr double kShareOfTensors = 0.85;

int64_t Megabytes(int64_t bytes) { return bytes / 1'000'000; }

// LibTorch's own, but that it counts. Tensors keep what they came from for ever: so there is one of
// them, and it stays.
class CountingAllocator final : public at::Allocator {
 public:
  static CountingAllocator& Installed() {
    static auto* const allocator = new CountingAllocator(*c10::GetCPUAllocator());
    return *allocator;
  }

  void Allow(int64_t bytes) { limit_ = bytes == kNoLimit ? kNoLimit : live_ + bytes; }

  at::DataPtr allocate(size_t bytes) override {
    const auto more = static_cast<int64_t>(bytes);
    if (live_ + more > limit_) {
      TORCH_CHECK_WITH(OutOfMemoryError, false, "tensors take ", Megabytes(live_), " of the ",
                       Megabytes(limit_), " MB that this process's limit leaves them, and ",
                       Megabytes(more), " more are wanted");
    }
    void* const data = own_.raw_allocate(bytes);
    live_ += SizeOf(data);
    return {data, data, &Free, at::Device(at::kCPU)};
  }

  at::DeleterFnPtr raw_deleter() const override { return &Free; }

  void copy_data(void* to, const void* from, size_t bytes) const override {
    own_.copy_data(to, from, bytes);
  }

 private:
  // LibTorch's own takes it from malloc.
  static int64_t SizeOf(void* data) { return static_cast<int64_t>(malloc_usable_size(data)); }

  static void Free(void* data) {
    Installed().live_ -= SizeOf(data);
    Installed().own_.raw_deallocate(data);
  }

  explicit CountingAllocator(at::Allocator& own) : own_(own) {
    // Large blocks from the system, and back to it: what lies free between others counts, too.
    mallopt(M_MMAP_THRESHOLD, kLargeBlock);
    c10::SetCPUAllocator(this);
  }

  at::Allocator& own_;
  std::atomic<int64_t> live_ = 0;
  std::atomic<int64_t> limit_ = kNoLimit;
};

// What the limit counts.
int64_t DataBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    const std::vector<std::string> fields =
        absl::StrSplit(line, absl::ByAnyChar(":\t "), absl::SkipEmpty());
    int64_t kilobytes = 0;
    if (fields.size() > 1 && fields[0] == "VmData" && absl::SimpleAtoi(fields[1], &kilobytes)) {
      return kilobytes << 10;
    }
  }
  return 0;
}

int64_t BytesForTensors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kNoLimit;
  const int64_t left = static_cast<int64_t>(limit.rlim_cur) - DataBytes() - kReserve;
  return left > 0 ? static_cast<int64_t>(static_cast<double>(left) * kShareOfTensors) : 0;
}

}  // namespace

MemoryBudget::MemoryBudget() : MemoryBudget(BytesForTensors()) {}

MemoryBudget::MemoryBudget(int64_t bytes) : limits_(bytes != kNoLimit) {
  if (limits_) CountingAllocator::Installed().Allow(bytes);
}

MemoryBudget::~MemoryBudget() {
  if (limits_) CountingAllocator::Installed().Allow(kNoLimit);
}

}  // namespace imprint
