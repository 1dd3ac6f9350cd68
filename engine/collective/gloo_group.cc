// c10d shows its Gloo group only to whoever asks for it so.
#define USE_C10D_GLOO

#include <chrono>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "engine/collective/c10d_collective.h"

namespace imprint::engine {

absl::StatusOr<c10::intrusive_ptr<c10d::Backend>> MakeGlooGroup(
    const c10::intrusive_ptr<c10d::Store>& store, const GangPlace& place) {
  try {
    // This time-out is for ranks to meet; operations bring their own.
    const auto options = c10d::ProcessGroupGloo::Options::create(
        std::chrono::milliseconds(absl::ToInt64Milliseconds(place.join_patience)));
    options->devices = {c10d::ProcessGroupGloo::createDeviceForHostname(place.own_host)};
    options->threads = 1;
    const auto group =
        c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.size, options);
    group->setTimeout(std::chrono::milliseconds(absl::ToInt64Milliseconds(place.patience)));
    return group;
  } catch (...) {
    return GangError("not all ranks have come");
  }
}

}  // namespace imprint::engine
