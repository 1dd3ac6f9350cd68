// What libimprint_cuda.so gives to a program that knows nothing of CUDA. Both sides are built with
// one compiler and one LibTorch. All of it throws LibTorch's errors.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "engine/cuda/device_graph.h"

namespace imprint {

struct CudaPlugin {
  // Of this struct, by which a plug-in of another build is found out.
  size_t size = sizeof(CudaPlugin);
  // A process group of NCCL on that GPU of this process. `patience`: of each operation.
  c10::intrusive_ptr<c10d::Backend> (*make_nccl_group)(const c10::intrusive_ptr<c10d::Store>& store,
                                                       int rank, int size, int gpu,
                                                       std::chrono::milliseconds patience);
  // See RecordGraph.
  std::unique_ptr<DeviceGraph> (*record_graph)(int gpu, const std::function<void()>& work);
  // Allocations of this process on that GPU fail beyond `bytes`.
  void (*limit_memory)(int gpu, int64_t bytes);
  // The most that tensors of this process have taken there since the last call.
  int64_t (*take_peak_memory)(int gpu);
};

// The name by which it is looked up.
inline constexpr const char* kCudaPluginSymbol = "imprint_cuda_plugin";

}  // namespace imprint

extern "C" const imprint::CudaPlugin* imprint_cuda_plugin();
