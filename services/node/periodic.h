// Something that is done over and over in the background.
#pragma once

#include <functional>
#include <thread>

#include "absl/time/time.h"

namespace imprint::node {

// Calls `task` on a thread of its own, `interval` after it last returned, until destroyed.
class Periodic {
 public:
  Periodic(absl::Duration interval, std::function<void()> task);

 private:
  std::jthread thread_;
};

}  // namespace imprint::node
