#include "cli/imprint/up/restart_delay.h"

#include <algorithm>

namespace imprint::cli {
namespace {

constexpr absl::Duration kFirst = absl::Milliseconds(200);
constexpr absl::Duration kLongest = absl::Seconds(5);
constexpr absl::Duration kAWhile = absl::Seconds(10);

}  // namespace

absl::Duration RestartDelay::Next(absl::Duration ran) {
  if (ran >= kAWhile) next_ = kFirst;
  const absl::Duration delay = next_;
  next_ = std::min(2 * next_, kLongest);
  return delay;
}

}  // namespace imprint::cli
