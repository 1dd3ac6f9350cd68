// Built where there is a CUDA Toolkit with NCCL; opened where there is a GPU.
#include "engine/cuda/plugin_parts.h"

extern "C" const imprint::engine::CudaPlugin* imprint_cuda_plugin() {
  static constexpr imprint::engine::CudaPlugin kPlugin = {
      .make_nccl_group = imprint::engine::MakeNcclGroupHere,
      .record_graph = imprint::engine::RecordCudaGraph,
      .limit_memory = imprint::engine::LimitCudaMemory,
      .take_peak_memory = imprint::engine::TakePeakCudaMemory};
  return &kPlugin;
}
