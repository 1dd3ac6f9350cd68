// The context that every subcommand of imprint-engine is given.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/program/console.h"
#include <CLI/CLI.hpp>

#include "orders/compute_options.h"
#include "orders/flags/field_flags.h"

namespace imprint::cli {

// Options that stand before the subcommand, and how to interact with the process.
struct CommandContext {
  Console& console;
  // Whether progress may be redrawn in place.
  bool terminal;
  std::stop_token stop;
  int threads = 0;
};

// A subcommand: adding it to `app` returns the function that runs it once the line is parsed.
using Run = std::function<absl::Status(CommandContext&)>;
struct Command {
  CLI::App* app;
  Run run;
};

Command MakeTeachCommand(CLI::App& app);
Command MakeDrawCommand(CLI::App& app);
Command MakeRedrawCommand(CLI::App& app);
Command MakeScoreCommand(CLI::App& app);
Command MakeInfoCommand(CLI::App& app);
Command MakeDevicesCommand(CLI::App& app);
Command MakeRankCommand(CLI::App& app);

// Adds --model, which is also read from IMPRINT_MODEL.
void AddModelOption(CLI::App& app, std::string& model, bool required = true);

// What a command computes with, and the flags that say so.
struct ComputeFlags {
  ComputeOptions options;
  FieldTable<ComputeOptions> rows;
  std::optional<FieldFlags<ComputeOptions>> flags;
};

// Adds the rows' flags; --device is also read from IMPRINT_DEVICE.
void AddComputeFlags(CLI::App& app, FieldTable<ComputeOptions> rows, ComputeFlags& flags);

// Returns what the flags choose; "auto" chooses what suits this machine, with a warning if that is
// less than what the machine has. Fails with the errors of CheckCompute, and FAILED_PRECONDITION
// naming device.
absl::StatusOr<ComputeOptions> ChooseCompute(ComputeFlags& flags, Console& console);

}  // namespace imprint::cli
