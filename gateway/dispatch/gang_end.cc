#include "gateway/dispatch/gang_end.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "gateway/dispatch/run_end.h"

namespace imprint::gateway {
namespace {

// Smaller goes first: what a rank says of itself, then silence, then what only follows from the end
// of another.
enum class Fault {
  kFatal,    // another attempt would fail, too
  kFailed,   // another attempt may go well
  kDrained,  // its node is draining
  kUnknown,  // nothing was heard of it
  kBroken,   // a sum over the ranks failed, because another one ended
  kStopped,  // it was told to
  kNone,     // it is done
};

Fault FaultOf(const RankEnd& end) {
  if (!end.error.ok()) {
    return EndOfBeginning(end.error).fatal && !absl::IsNotFound(end.error) ? Fault::kFatal
                                                                           : Fault::kFailed;
  }
  if (!end.last) return Fault::kUnknown;
  if (end.last->has_failure()) {
    if (end.last->failure().reason() == "GANG_BROKEN") return Fault::kBroken;
    return EndOfFailure(end.last->failure()).fatal ? Fault::kFatal : Fault::kFailed;
  }
  if (end.last->has_stopped()) {
    return end.last->stopped().draining() ? Fault::kDrained : Fault::kStopped;
  }
  return Fault::kNone;
}

RunEnd EndOf(const RankEnd& end) {
  if (absl::IsNotFound(end.error)) return {.reason = "its node no longer has it"};
  if (!end.error.ok()) return EndOfBeginning(end.error);
  if (!end.last) return {.reason = "nothing was heard of it"};
  if (end.last->has_failure()) return EndOfFailure(end.last->failure());
  return EndOfStop(end.last->stopped());
}

}  // namespace

bool IsAtFault(const RankEnd& end) { return FaultOf(end) < Fault::kUnknown; }

RunEnd EndOfGang(std::span<const RankEnd> ends) {
  const RankEnd& worst =
      *std::min_element(ends.begin(), ends.end(),
                        [](const RankEnd& a, const RankEnd& b) { return FaultOf(a) < FaultOf(b); });
  RunEnd end = EndOf(worst);
  const std::string who = absl::StrCat("rank ", worst.rank, " on node ", worst.node, ": ");
  end.reason = absl::StrCat(who, end.reason);
  if (!end.failure.message().empty()) {
    end.failure.set_message(absl::StrCat(who, end.failure.message()));
  }
  return end;
}

}  // namespace imprint::gateway
