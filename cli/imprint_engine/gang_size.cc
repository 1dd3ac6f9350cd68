#include "cli/imprint_engine/gang_size.h"

#include <algorithm>

#include "base/status_macros.h"
#include "base/usable_processors.h"
#include "engine/devices/device_facts.h"
#include "engine/training/training_run.h"

namespace imprint::cli {

int ThreadsOfRank(int ranks) { return std::max(1, UsableProcessors() / std::max(ranks, 1)); }

absl::Status CheckGang(const TeachOrder& order) {
  RETURN_IF_ERROR(engine::CheckRanks(order.settings.recipe, order.ranks));
  const ComputeDevice last = DeviceOfRank(order.compute.choice().device, order.ranks - 1);
  return engine::FindDevice("ranks", Name(last)).status();
}

}  // namespace imprint::cli
