// The collective operations of a gang's ranks. All ranks call the same operations in the same
// order; a rank that ends, or is silent for too long, makes every other's operation fail.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include <ATen/ATen.h>

#include "engine/collective/collective_use.h"

namespace imprint::engine {

// Not thread-safe. Errors are UNAVAILABLE (a rank is gone) or DEADLINE_EXCEEDED (one is silent);
// after an error the gang can no longer be used.
class Collective {
 public:
  virtual ~Collective() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  // Sums a tensor over all ranks, in place; it must be fp32 and contiguous. Every rank gets the
  // same bits, and gets them again if the gang has as many ranks. Waits for a GPU to finish its
  // earlier work.
  absl::Status Sum(at::Tensor& tensor);
  // Overwrites every rank's tensor with rank 0's.
  absl::Status Broadcast(at::Tensor& tensor);
  // Returns when all ranks have called it. The deadline is no shorter than that for joining, since
  // what comes before may take its time.
  absl::Status Barrier();

  const CollectiveUse& use() const { return use_; }

 private:
  virtual absl::Status DoSum(at::Tensor& tensor) = 0;
  virtual absl::Status DoBroadcast(at::Tensor& tensor) = 0;
  virtual absl::Status DoBarrier() = 0;

  template <typename Operation>
  absl::Status Measure(int64_t bytes, Operation&& operation);

  CollectiveUse use_;
};

// A gang of one.
class LocalCollective final : public Collective {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }

 private:
  absl::Status DoSum(at::Tensor& /*tensor*/) override { return absl::OkStatus(); }
  absl::Status DoBroadcast(at::Tensor& /*tensor*/) override { return absl::OkStatus(); }
  absl::Status DoBarrier() override { return absl::OkStatus(); }
};

}  // namespace imprint::engine
