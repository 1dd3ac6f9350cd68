#include "cli/imprint/commands/command.h"

#include "absl/strings/str_cat.h"
#include "cli/imprint/up/state_folder.h"

#include "base/status_macros.h"

namespace imprint::cli {

absl::StatusOr<std::unique_ptr<Gateway>> Connect(const CommandContext& context) {
  if (!context.server.empty()) return std::make_unique<Gateway>(context.server, context.stop);
  ASSIGN_OR_RETURN(const auto running, ReadRunning(context.home));
  if (!running) {
    return absl::FailedPreconditionError(
        absl::StrCat("no server: imprint up does not run on ", context.home.string(),
                     "; start it, or name a gateway with --server HOST:PORT or IMPRINT_SERVER"));
  }
  return std::make_unique<Gateway>(running->server, context.stop);
}

}  // namespace imprint::cli
