// The interface of libimprint_cuda.so to a program that knows nothing of CUDA. Both sides must be
// built with the same compiler and the same LibTorch. All of it throws LibTorch's errors.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "engine/cuda/device_graph.h"

namespace imprint::engine {

struct CudaPlugin {
  // The size of this struct, by which a plug-in of another build is detected.
  size_t size = sizeof(CudaPlugin);
  // Makes an NCCL process group on that GPU of this process. `patience` is each operation's
  // deadline.
  c10::intrusive_ptr<c10d::Backend> (*make_nccl_group)(const c10::intrusive_ptr<c10d::Store>& store,
                                                       int rank, int size, int gpu,
                                                       std::chrono::milliseconds patience);
  // See RecordGraph.
  std::unique_ptr<DeviceGraph> (*record_graph)(int gpu, const std::function<void()>& work);
  // Makes allocations of this process on that GPU fail beyond `bytes`.
  void (*limit_memory)(int gpu, int64_t bytes);
  // Returns the most that tensors of this process have taken there since the last call.
  int64_t (*take_peak_memory)(int gpu);
};

// The symbol under which it is looked up.
inline constexpr const char* kCudaPluginSymbol = "imprint_cuda_plugin";

}  // namespace imprint::engine

extern "C" const imprint::engine::CudaPlugin* imprint_cuda_plugin();
