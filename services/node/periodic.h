// Runs a task periodically in the background.
#pragma once

#include <functional>
#include <thread>

#include "absl/time/time.h"

namespace imprint::node {

// Calls `task` on a thread of its own until destroyed, each time `interval` after the last call
// returned.
class Periodic {
 public:
  Periodic(absl::Duration interval, std::function<void()> task);

 private:
  std::jthread thread_;
};

}  // namespace imprint::node
