// What the ranks of a gang do together. All of them call the same operations in the same order; a
// rank that ends, or is silent for too long, makes every other's operation fail.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include <ATen/ATen.h>

#include "engine/collective/collective_use.h"

namespace imprint {

// Used by one thread. Errors are UNAVAILABLE (a rank is gone) or DEADLINE_EXCEEDED (one is silent);
// after an error a gang is of no more use.
class Collective {
 public:
  virtual ~Collective() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  // Adds a tensor up over all ranks, in place; fp32 and contiguous. Every rank gets the same bits,
  // and gets them again if the gang has as many ranks. Waits for a GPU.
  absl::Status Sum(at::Tensor& tensor);
  // Rank 0's tensor for all, in place.
  absl::Status Broadcast(at::Tensor& tensor);
  // Returns when all ranks have come here; waits as long as for their joining, for what comes
  // before may take its time.
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

}  // namespace imprint
