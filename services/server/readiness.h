// Keeps the answer to health checks current while a server serves.
#pragma once

#include <functional>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "services/server/server.h"

namespace imprint {

// Asks at once and every `interval` whether the service can serve, and passes the answer on to the
// server's health checks. A change is logged. Polling ends on destruction; the last answer stays.
class Readiness {
 public:
  Readiness(Server& server, std::function<absl::Status()> can_serve,
            absl::Duration interval = absl::Seconds(2));

 private:
  std::jthread thread_;
};

}  // namespace imprint
