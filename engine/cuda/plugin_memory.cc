#include <algorithm>
#include <cuda_runtime_api.h>

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "engine/cuda/plugin_parts.h"

namespace imprint::engine {

void LimitCudaMemory(int gpu, int64_t bytes) {
  at::globalContext().lazyInitDevice(at::kCUDA);
  const auto index = static_cast<c10::DeviceIndex>(gpu);
  const c10::cuda::CUDAGuard guard(index);
  size_t free = 0;
  size_t total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  const double fraction = static_cast<double>(bytes) / static_cast<double>(total);
  c10::cuda::CUDACachingAllocator::setMemoryFraction(std::min(fraction, 1.0), index);
}

int64_t TakePeakCudaMemory(int gpu) {
  at::globalContext().lazyInitDevice(at::kCUDA);
  namespace allocator = c10::cuda::CUDACachingAllocator;
  const auto index = static_cast<c10::DeviceIndex>(gpu);
  constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const int64_t peak = allocator::getDeviceStats(index).allocated_bytes[kAll].peak;
  allocator::resetPeakStats(index);
  return peak;
}

}  // namespace imprint::engine
