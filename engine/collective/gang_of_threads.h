// For tests and benchmarks: a gang whose ranks are threads of this process, on loopback.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "engine/collective/collective.h"
#include "engine/collective/gang_door.h"
#include "engine/collective/join_gang.h"

namespace imprint::engine {

// A rank's work, given its gang or the reason why it could not join.
using RankWork = std::function<void(absl::StatusOr<std::shared_ptr<Collective>>)>;

// Runs `work` on every rank and returns when all are done. `adjust` may change each rank's place.
inline absl::Status RunGangOfThreads(int size, const RankWork& work,
                                     const std::function<void(GangPlace&)>& adjust = nullptr) {
  auto door = GangDoor::Open("127.0.0.1");
  if (!door.ok()) return door.status();
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < size; ++rank) {
    GangPlace place{.rank = rank,
                    .size = size,
                    .port = door->port(),
                    .token = "threads",
                    .join_patience = absl::Seconds(20),
                    .patience = absl::Seconds(20)};
    if (adjust) adjust(place);
    const GangDoor* own = rank == 0 ? &*door : nullptr;
    ranks.emplace_back([=, &work] { work(JoinGang(place, ComputeDevice(), own)); });
  }
  for (std::thread& rank : ranks) rank.join();
  return absl::OkStatus();
}

}  // namespace imprint::engine
