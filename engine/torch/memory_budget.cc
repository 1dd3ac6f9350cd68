#include "engine/torch/memory_budget.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include "base/machine_memory.h"
#include "base/process_memory.h"

namespace imprint::engine {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
constexpr int kLargeBlock = 1 << 20;
// Stacks, and what the allocator has reserved and nobody has touched.
constexpr int64_t kUntouched = int64_t{512} << 20;
// For what is not a tensor: code and scratch space of oneDNN. Measured: with less, trainings of the
// demo model crash below some limits.
constexpr int64_t kReserve = 96 << 20;
constexpr double kShareOfTensors = 0.85;

// LimitProcessMemory's, in bytes.
std::atomic<int64_t> process_limit = kNoLimit;

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
    if (live_.fetch_add(more) + more > limit_) {
      const int64_t live = live_.fetch_sub(more) - more;
      TORCH_CHECK_WITH(OutOfMemoryError, false, "tensors take ", Megabytes(live), " of the ",
                       Megabytes(limit_), " MB that this process's limit leaves them, and ",
                       Megabytes(more), " more are wanted");
    }
    void* const data = own_.raw_allocate(bytes);
    live_ += SizeOf(data) - more;
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

int64_t ForTensors(int64_t left) {
  if (left == kNoLimit) return kNoLimit;
  const auto share = static_cast<double>(std::max<int64_t>(left - kReserve, 0)) * kShareOfTensors;
  return static_cast<int64_t>(share);
}

// What is left below the system's limit and below ours, which counts what is resident.
int64_t LeftOfLimits() {
  const int64_t left = DataLimitLeft();
  if (process_limit == kNoLimit) return left;
  return std::min(left, process_limit - MemoryOf(getpid()).resident);
}

}  // namespace

absl::Status LimitProcessMemory(int mebibytes) {
  if (mebibytes == 0) return absl::OkStatus();
  process_limit = static_cast<int64_t>(mebibytes) << 20;
  const auto bytes = static_cast<rlim_t>(process_limit + kUntouched);
  const rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
  if (setrlimit(RLIMIT_DATA, &limit) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("memory-mb: cannot be set: ", std::strerror(errno)));
}

int64_t MemoryBudget::OfTraining() { return ForTensors(LeftOfLimits()); }

int64_t MemoryBudget::OfTrial() {
  return ForTensors(std::min(LeftOfLimits(), AvailableMemoryBytes()));
}

MemoryBudget::MemoryBudget(int64_t bytes) : limits_(bytes != kNoLimit) {
  if (limits_) CountingAllocator::Installed().Allow(bytes);
}

MemoryBudget::~MemoryBudget() {
  if (limits_) CountingAllocator::Installed().Allow(kNoLimit);
}

}  // namespace imprint::engine
