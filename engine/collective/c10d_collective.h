// A gang on top of one of PyTorch's c10d process groups.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "engine/collective/collective.h"
#include "engine/collective/gang_place.h"
#include "orders/compute_device.h"

namespace imprint::engine {

class C10dCollective final : public Collective {
 public:
  C10dCollective(c10::intrusive_ptr<c10d::Store> store, c10::intrusive_ptr<c10d::Backend> group,
                 const GangPlace& place)
      : store_(std::move(store)), group_(std::move(group)), place_(place) {}

  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }

 private:
  absl::Status DoSum(at::Tensor& tensor) override;
  absl::Status DoBroadcast(at::Tensor& tensor) override;
  absl::Status DoBarrier() override;

  // Rank 0's is where the others' groups rendezvoused; it lives as long as the group.
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::Backend> group_;
  GangPlace place_;
};

// Converts the exception that is being handled to UNAVAILABLE or DEADLINE_EXCEEDED, or a device's
// own error as StatusFromCurrentException does.
absl::Status GangError(const char* what);

// The key-value store by which the ranks of a gang rendezvous.
struct GangStore {
  c10::intrusive_ptr<c10d::Store> store;
};

// Serves rank 0's store on a listening socket, which the store then owns.
absl::StatusOr<GangStore> ServeStore(const std::string& host, int port, int descriptor);

// Connects another rank to the store that rank 0 serves.
absl::StatusOr<GangStore> ReachStore(const GangPlace& place);

// Makes a Gloo group, over TCP between the `own_host`s, for tensors on the processor.
absl::StatusOr<c10::intrusive_ptr<c10d::Backend>> MakeGlooGroup(
    const c10::intrusive_ptr<c10d::Store>& store, const GangPlace& place);

// Makes an NCCL group, for tensors on that GPU. UNAVAILABLE also if there is no plug-in for GPUs.
absl::StatusOr<c10::intrusive_ptr<c10d::Backend>> MakeNcclGroup(
    const c10::intrusive_ptr<c10d::Store>& store, const GangPlace& place, const ComputeDevice& gpu);

}  // namespace imprint::engine
