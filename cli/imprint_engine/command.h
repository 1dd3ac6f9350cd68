// The context that every subcommand of imprint-engine is given.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/program/console.h"
#include <CLI/CLI.hpp>

#include "engine/devices/compute_choice.h"

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
Command MakeScoreCommand(CLI::App& app);
Command MakeInfoCommand(CLI::App& app);
Command MakeDevicesCommand(CLI::App& app);
Command MakeRankCommand(CLI::App& app);

// Adds --model, which is also read from IMPRINT_MODEL.
void AddModelOption(CLI::App& app, std::string& model, bool required = true);

// The values of --device and --precision, by name.
struct ComputeFlags {
  std::string device = "auto";
  std::string precision{Name(Precision::kFp32)};
};
void AddComputeFlags(CLI::App& app, ComputeFlags& flags);

// Returns what the flags choose; "auto" chooses what suits this machine, with a warning if that is
// less than what the machine has. Returns INVALID_ARGUMENT or FAILED_PRECONDITION naming device or
// precision.
absl::StatusOr<ComputeChoice> ChooseCompute(const ComputeFlags& flags, Console& console);

}  // namespace imprint::cli
