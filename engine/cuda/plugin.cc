// Built where there is a CUDA Toolkit with NCCL; opened where there is a GPU.
#include "engine/cuda/plugin_parts.h"

extern "C" const imprint::CudaPlugin* imprint_cuda_plugin() {
  static constexpr imprint::CudaPlugin kPlugin = {.make_nccl_group = imprint::MakeNcclGroupHere,
                                                  .record_graph = imprint::RecordCudaGraph,
                                                  .limit_memory = imprint::LimitCudaMemory,
                                                  .take_peak_memory = imprint::TakePeakCudaMemory};
  return &kPlugin;
}
