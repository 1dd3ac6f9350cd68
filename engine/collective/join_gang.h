// Becoming one of a gang.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"

#include "engine/collective/gang_door.h"
#include "engine/collective/gang_place.h"
#include "engine/devices/compute_device.h"

namespace imprint {

class Collective;

// For a training on that device: Gloo between processors, NCCL between GPUs; a gang of one needs
// nobody. Rank 0 comes with the door, which it bound before anybody heard of its port. Waits until
// all ranks have come, which all do with the same size, port and token. A process that has joined
// ignores SIGPIPE from then on. INVALID_ARGUMENT naming the place's field, DEADLINE_EXCEEDED or
// UNAVAILABLE if not all come.
absl::StatusOr<std::shared_ptr<Collective>> JoinGang(const GangPlace& place,
                                                     const ComputeDevice& device,
                                                     std::optional<GangDoor> door);

}  // namespace imprint
