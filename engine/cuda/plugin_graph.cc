#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include "engine/cuda/plugin_parts.h"

namespace imprint::engine {
namespace {

// Libraries choose their kernels and take their workspaces while the work is done for the first
// times; recording must find all of that done (PyTorch, "CUDA semantics", CUDA graphs).
constexpr int kRehearsals = 3;

class RecordedGraph final : public DeviceGraph {
 public:
  void Replay() override { graph_.replay(); }
  at::cuda::CUDAGraph& graph() { return graph_; }

 private:
  at::cuda::CUDAGraph graph_;
};

}  // namespace

std::unique_ptr<DeviceGraph> RecordCudaGraph(int gpu, const std::function<void()>& work) {
  const auto index = static_cast<c10::DeviceIndex>(gpu);
  auto recorded = std::make_unique<RecordedGraph>();
  // The default stream cannot be recorded. What was begun there comes first.
  c10::cuda::getCurrentCUDAStream(index).synchronize();
  const c10::cuda::CUDAStream stream =
      c10::cuda::getStreamFromPool(/*isHighPriority=*/false, index);
  const c10::cuda::CUDAStreamGuard guard(stream);
  for (int i = 0; i < kRehearsals; ++i) work();
  stream.synchronize();
  // What the rehearsals took is of no use to the graph, which has memory of its own.
  c10::cuda::CUDACachingAllocator::emptyCache();
  recorded->graph().capture_begin();
  try {
    work();
  } catch (...) {
    // Else every allocation of this process would still go to what is recorded.
    try {
      recorded->graph().capture_end();
    } catch (...) {
    }
    throw;
  }
  recorded->graph().capture_end();
  stream.synchronize();
  return recorded;
}

}  // namespace imprint::engine
