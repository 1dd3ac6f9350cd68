#include "engine/collective/collective.h"

#include "base/monotonic_seconds.h"
#include "engine/torch/torch_device.h"

namespace imprint::engine {

template <typename Operation>
absl::Status Collective::Measure(int64_t bytes, Operation&& operation) {
  const double begun = MonotonicSeconds();
  absl::Status status = operation();
  ++use_.operations;
  use_.bytes += bytes;
  use_.seconds += MonotonicSeconds() - begun;
  return status;
}

absl::Status Collective::Sum(at::Tensor& tensor) {
  // Else a GPU's own work before would be counted as waiting for others.
  AwaitDevice(tensor.device());
  return Measure(static_cast<int64_t>(tensor.nbytes()), [&] { return DoSum(tensor); });
}

absl::Status Collective::Broadcast(at::Tensor& tensor) {
  return Measure(static_cast<int64_t>(tensor.nbytes()), [&] { return DoBroadcast(tensor); });
}

absl::Status Collective::Barrier() {
  return Measure(0, [&] { return DoBarrier(); });
}

}  // namespace imprint::engine
