#include "engine/collective/join_gang.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/collective/c10d_collective.h"
#include "engine/collective/collective.h"
#include "engine/collective/gang_error.h"

namespace imprint::engine {
namespace {

constexpr int kMostRanks = 1024;
constexpr absl::Duration kLookInterval = absl::Milliseconds(50);
// How long ranks that have all come may take to reach each other.
constexpr absl::Duration kMeetingPatience = absl::Seconds(60);

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

// The ranks' words in the store: who has come. Whoever is the last says that all have.
class Arrivals {
 public:
  Arrivals(c10d::Store& store, const GangPlace& place) : store_(store), place_(place) {}

  // As JoinGang. May throw c10d's errors.
  absl::Status AwaitAll(const JoinHooks& hooks) {
    store_.set(KeyOf(place_.rank), std::vector<uint8_t>());
    if (store_.add(kCount, 1) == place_.size) store_.set(kAll, std::vector<uint8_t>());
    const absl::Time deadline = absl::Now() + place_.join_patience;
    while (!store_.check({kAll})) {
      if (hooks.stop.stop_requested()) {
        // The others must not count it as one that has come.
        store_.add(kCount, -1);
        store_.deleteKey(KeyOf(place_.rank));
        return absl::CancelledError("stopped before all ranks had come");
      }
      if (absl::Now() > deadline) return Missing();
      if (hooks.on_wait) hooks.on_wait();
      absl::SleepFor(kLookInterval);
    }
    return absl::OkStatus();
  }

 private:
  static constexpr const char* kCount = "count";
  static constexpr const char* kAll = "all";

  static std::string KeyOf(int rank) { return absl::StrCat("here-", rank); }

  absl::Status Missing() {
    std::vector<int> missing;
    for (int rank = 0; rank < place_.size; ++rank) {
      if (!store_.check({KeyOf(rank)})) missing.push_back(rank);
    }
    return absl::DeadlineExceededError(absl::StrCat(
        kGangError, "not all ranks have come within ", absl::FormatDuration(place_.join_patience),
        ": missing ", missing.size() == 1 ? "rank " : "ranks ", absl::StrJoin(missing, ", ")));
  }

  c10d::Store& store_;
  const GangPlace& place_;
};

absl::Status AwaitAll(c10d::Store& store, const GangPlace& place, const JoinHooks& hooks) {
  try {
    return Arrivals(store, place).AwaitAll(hooks);
  } catch (...) {
    return GangError("not all ranks have come");
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<Collective>> JoinGang(const GangPlace& place,
                                                     const ComputeDevice& device,
                                                     const GangDoor* door, const JoinHooks& hooks) {
  RETURN_IF_ERROR(CheckPlace(place, door != nullptr));
  if (place.size == 1) return std::make_shared<LocalCollective>();
  // Gloo writes to ranks that may be gone, and is to get an error instead of the signal.
  std::signal(SIGPIPE, SIG_IGN);
  ASSIGN_OR_RETURN(const GangStore common, door != nullptr ? door->store() : ReachStore(place));
  const auto store = c10::make_intrusive<c10d::PrefixStore>(place.token, common.store);
  store->setTimeout(std::chrono::milliseconds(absl::ToInt64Milliseconds(place.join_patience)));
  // c10d's own waiting hears no stop: it is left to wait for those that are there.
  RETURN_IF_ERROR(AwaitAll(*store, place, hooks));
  GangPlace meeting = place;
  meeting.join_patience = std::min(place.join_patience, kMeetingPatience);
  c10::intrusive_ptr<c10d::Backend> group;
  if (device.kind == DeviceKind::kCpu) {
    ASSIGN_OR_RETURN(group, MakeGlooGroup(store, meeting));
  } else {
    ASSIGN_OR_RETURN(group, MakeNcclGroup(store, meeting, device));
  }
  auto gang = std::make_shared<C10dCollective>(store, std::move(group), place);
  // A gang is one only once every rank has made its group.
  RETURN_IF_ERROR(gang->Barrier());
  return gang;
}

}  // namespace imprint::engine
