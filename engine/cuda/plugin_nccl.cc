// c10d shows its NCCL group only to whoever asks for it so.
#define USE_C10D_NCCL

#include <cstdlib>

#include <c10/cuda/CUDAFunctions.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "engine/cuda/plugin_parts.h"

namespace imprint::engine {

c10::intrusive_ptr<c10d::Backend> MakeNcclGroupHere(const c10::intrusive_ptr<c10d::Store>& store,
                                                    int rank, int size, int gpu,
                                                    std::chrono::milliseconds patience) {
  // By default c10d's watchdog ends the process when a peer is gone, and its heartbeat monitor
  // aborts it: the training is told instead, waits no longer, and ends in its own words.
  setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "2", /*overwrite=*/0);
  setenv("TORCH_NCCL_ENABLE_MONITORING", "0", /*overwrite=*/0);
  setenv("TORCH_NCCL_BLOCKING_WAIT", "1", /*overwrite=*/0);
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(gpu));
  const auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = patience;
  auto group = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
  // Else a barrier guesses a GPU by the rank.
  group->setBoundDeviceId(at::Device(at::kCUDA, static_cast<at::DeviceIndex>(gpu)));
  return group;
}

}  // namespace imprint::engine
