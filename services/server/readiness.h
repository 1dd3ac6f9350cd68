// Keeps what health checks answer true while a server serves.
#pragma once

#include <functional>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "services/server/server.h"

namespace imprint {

// Asks now and every `interval` whether the service can serve, and lets the server answer that. A
// change is logged. Ends when it is destroyed; what was answered last stays.
class Readiness {
 public:
  Readiness(Server& server, std::function<absl::Status()> can_serve,
            absl::Duration interval = absl::Seconds(2));

 private:
  std::jthread thread_;
};

}  // namespace imprint
