// Joins a process to a gang.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "absl/status/statusor.h"

#include "engine/collective/gang_door.h"
#include "engine/collective/gang_place.h"
#include "orders/compute_device.h"

namespace imprint::engine {

class Collective;

// Callbacks of a rank that waits for the others. Called on the thread that joins.
struct JoinHooks {
  // Checked many times a second.
  std::stop_token stop = {};
  std::function<void()> on_wait = nullptr;
};

// Joins the gang for a training on that device: over Gloo between processors, over NCCL between
// GPUs; a gang of one connects to nobody. Rank 0 passes the door, which it opened before anybody
// heard of its port; the others pass null. Waits until all ranks have joined, all with the same
// size, port and token. From then on the process ignores SIGPIPE. INVALID_ARGUMENT naming the
// place's field; DEADLINE_EXCEEDED, naming the missing ranks, or UNAVAILABLE if not all join;
// CANCELLED if it is stopped first. A rank that waits while rank 0's process is frozen notices
// nothing: something else must end it.
absl::StatusOr<std::shared_ptr<Collective>> JoinGang(const GangPlace& place,
                                                     const ComputeDevice& device,
                                                     const GangDoor* door,
                                                     const JoinHooks& hooks = {});

}  // namespace imprint::engine
