// What libimprint_nccl.so gives to a program that knows nothing of CUDA.
#pragma once

#include <chrono>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace imprint {

inline constexpr const char* kNcclPlugin = "libimprint_nccl.so";

}  // namespace imprint

// A process group of NCCL on that GPU of this process. Throws c10d's errors. C's linkage is for its
// name, which is looked up; both sides are built with one compiler and one LibTorch.
extern "C" c10::intrusive_ptr<c10d::Backend> imprint_make_nccl_group(
    const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, int gpu,
    std::chrono::milliseconds patience);
