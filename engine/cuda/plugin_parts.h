// The plug-in's functions, with one file each.
#pragma once

#include "engine/cuda/cuda_plugin.h"

namespace imprint::engine {

c10::intrusive_ptr<c10d::Backend> MakeNcclGroupHere(const c10::intrusive_ptr<c10d::Store>& store,
                                                    int rank, int size, int gpu,
                                                    std::chrono::milliseconds patience);
std::unique_ptr<DeviceGraph> RecordCudaGraph(int gpu, const std::function<void()>& work);
void LimitCudaMemory(int gpu, int64_t bytes);
int64_t TakePeakCudaMemory(int gpu);

}  // namespace imprint::engine
