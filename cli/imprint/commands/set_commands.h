// The subcommands of `imprint set`.
#pragma once

#include "cli/imprint/commands/command.h"

namespace imprint::cli {

// Both draw a plan: `extend` takes over what an earlier set has already.
Command MakeSetDrawCommand(CLI::App& set);
Command MakeSetExtendCommand(CLI::App& set);
Command MakeSetRedrawCommand(CLI::App& set);
// As image-sets export.
Command MakeSetReportCommand(CLI::App& set);

}  // namespace imprint::cli
