// Work on a GPU that is recorded once and then started as a whole, without the time that the
// processor takes to start each of its kernels.
#pragma once

#include <functional>
#include <memory>

namespace imprint::engine {

class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  // Does the work again on the current content of its tensors; does not wait for it.
  virtual void Replay() = 0;
};

// Does `work` a few times and records it. It must ask the device for nothing, start the same
// kernels every time, and read and write only tensors that outlive the graph. Throws LibTorch's
// errors.
using RecordGraph = std::function<std::unique_ptr<DeviceGraph>(const std::function<void()>& work)>;

}  // namespace imprint::engine
