#include "engine/collective/join_gang.h"

#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/collective/c10d_collective.h"
#include "engine/collective/collective.h"
#include "engine/runtime/torch_device.h"

namespace imprint {
namespace {

constexpr int kMostRanks = 1024;

absl::Status CheckPlace(const GangPlace& place, bool has_door) {
  if (place.size < 1 || place.size > kMostRanks) {
    return FieldError("ranks", absl::StrCat(place.size), absl::StrCat("1 to ", kMostRanks));
  }
  if (place.rank < 0 || place.rank >= place.size) {
    return FieldError("rank", absl::StrCat(place.rank),
                      absl::StrCat("0 to ", place.size - 1, ", below the ", place.size, " ranks"));
  }
  if (place.size > 1 && (place.port < 1 || place.port > 65535)) {
    return FieldError("rendezvous port", absl::StrCat(place.port), "1 to 65535");
  }
  if (place.size > 1 && place.token.empty()) {
    return FieldError("gang token", "none", "the attempt's");
  }
  if (place.size > 1 && has_door != (place.rank == 0)) {
    return FieldError("gang door", has_door ? "one" : "none", "one for rank 0, none for others");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<Collective>> JoinGang(const GangPlace& place,
                                                     const ComputeDevice& device,
                                                     std::optional<GangDoor> door) {
  RETURN_IF_ERROR(CheckPlace(place, door.has_value()));
  if (place.size == 1) return std::make_shared<LocalCollective>();
  // Gloo writes to ranks that may be gone, and is to hear of that as an error.
  std::signal(SIGPIPE, SIG_IGN);
  // For a GPU, what NCCL's plug-in needs is open from here on.
  RETURN_IF_ERROR(TorchDevice(device).status());
  ASSIGN_OR_RETURN(auto store, MeetAt(place, std::move(door)));
  c10::intrusive_ptr<c10d::Backend> group;
  if (device.kind == DeviceKind::kCpu) {
    ASSIGN_OR_RETURN(group, MakeGlooGroup(store, place));
  } else {
    ASSIGN_OR_RETURN(group, MakeNcclGroup(store, place, device.index));
  }
  auto gang = std::make_shared<C10dCollective>(std::move(store), std::move(group), place);
  RETURN_IF_ERROR(gang->Barrier());
  return gang;
}

}  // namespace imprint
