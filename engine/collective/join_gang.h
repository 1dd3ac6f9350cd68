// Becoming one of a gang.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "absl/status/statusor.h"

#include "engine/collective/gang_door.h"
#include "engine/collective/gang_place.h"
#include "engine/devices/compute_device.h"

namespace imprint {

class Collective;

// What a rank does while it waits for the others. Called on the thread that joins.
struct JoinHooks {
  // Looked at many times a second.
  std::stop_token stop = {};
  std::function<void()> on_wait = nullptr;
};

// For a training on that device: Gloo between processors, NCCL between GPUs; a gang of one needs
// nobody. Rank 0 comes with the door, which it opened before anybody heard of its port; for others
// it is null. Waits until all ranks have come, which all do with the same size, port and token. A
// process that has joined ignores SIGPIPE from then on. INVALID_ARGUMENT naming the place's field;
// DEADLINE_EXCEEDED, naming who is missing, or UNAVAILABLE if not all come; CANCELLED if it is
// stopped before. Whoever waits while rank 0's process is frozen hears nothing: somebody else must
// end it.
absl::StatusOr<std::shared_ptr<Collective>> JoinGang(const GangPlace& place,
                                                     const ComputeDevice& device,
                                                     const GangDoor* door,
                                                     const JoinHooks& hooks = {});

}  // namespace imprint
