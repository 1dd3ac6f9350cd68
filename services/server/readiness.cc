#include "services/server/readiness.h"

#include <optional>
#include <stop_token>
#include <utility>

#include "absl/strings/string_view.h"

#include "base/error_notes.h"
#include "base/pause.h"
#include "services/server/log.h"

namespace imprint {

Readiness::Readiness(Server& server, std::function<absl::Status()> can_serve,
                     absl::Duration interval)
    : thread_([&server, can_serve = std::move(can_serve), interval](const std::stop_token& stop) {
        std::optional<bool> before;
        while (!stop.stop_requested()) {
          const absl::Status status = can_serve();
          if (before != status.ok()) {
            server.SetReady(status.ok());
            if (!status.ok())
              LogError("cannot serve; health checks answer NOT_SERVING until it can",
                       {{"error", Diagnosed(status)}});
            if (status.ok() && before) LogInfo("can serve again; health checks answer SERVING");
            before = status.ok();
          }
          Pause(stop, interval);
        }
      }) {}

}  // namespace imprint
