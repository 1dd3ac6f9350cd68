// Asks the CUDA driver about this machine's GPUs. Opens the driver's library, not LibTorch's, and
// makes no context: it costs milliseconds, and no memory on a GPU.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace imprint::engine {

struct Gpu {
  std::string model;  // "NVIDIA H100 80GB HBM3"
  int64_t memory_bytes;
  // Compute capability, such as 9.0.
  int major;
  int minor;
};

// The name of NVIDIA's driver library.
inline constexpr const char* kCudaDriver = "libcuda.so.1";

// Returns the GPUs that CUDA_VISIBLE_DEVICES leaves to this process, by index. UNAVAILABLE with the
// reason if there is no driver, or if it does not work. Thread-safe. `driver` is for tests.
absl::StatusOr<std::vector<Gpu>> ListGpus(const std::string& driver = kCudaDriver);

}  // namespace imprint::engine
