#include "services/node/periodic.h"

#include <stop_token>
#include <utility>

#include "base/pause.h"

namespace imprint::node {

Periodic::Periodic(absl::Duration interval, std::function<void()> task)
    : thread_([interval, task = std::move(task)](const std::stop_token& stop) {
        while (true) {
          Pause(stop, interval);
          if (stop.stop_requested()) return;
          task();
        }
      }) {}

}  // namespace imprint::node
