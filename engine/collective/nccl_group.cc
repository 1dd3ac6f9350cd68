#include <chrono>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "engine/collective/c10d_collective.h"
#include "engine/collective/gang_error.h"
#include "engine/cuda/cuda_plugin.h"
#include "engine/cuda/open_plugin.h"

namespace imprint::engine {

absl::StatusOr<c10::intrusive_ptr<c10d::Backend>> MakeNcclGroup(
    const c10::intrusive_ptr<c10d::Store>& store, const GangPlace& place,
    const ComputeDevice& gpu) {
  const auto plugin = OpenCudaPlugin(gpu);
  // UNAVAILABLE, as it is this machine that lacks something: another may have it.
  if (!plugin.ok()) {
    return absl::UnavailableError(absl::StrCat(kGangError, plugin.status().message()));
  }
  try {
    return (*plugin)->make_nccl_group(
        store, place.rank, place.size, gpu.index,
        std::chrono::milliseconds(absl::ToInt64Milliseconds(place.patience)));
  } catch (...) {
    return GangError("NCCL");
  }
}

}  // namespace imprint::engine
