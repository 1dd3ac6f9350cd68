// What every subcommand of imprint-engine is given.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/terminal/console.h"
#include <CLI/CLI.hpp>

#include "engine/recipe/precision.h"

namespace imprint {

// Options that stand before the subcommand, and the ways out of the process.
struct CommandContext {
  Console& console;
  // Whether progress may be redrawn in place.
  bool terminal;
  std::stop_token stop;
  int threads = 0;
};

// Adds a subcommand with its options to `app` and gives what runs it once the line is parsed.
using Run = std::function<absl::Status(CommandContext&)>;
struct Command {
  CLI::App* app;
  Run run;
};

Command MakeTeachCommand(CLI::App& app);
Command MakeDrawCommand(CLI::App& app);
Command MakeScoreCommand(CLI::App& app);
Command MakeInfoCommand(CLI::App& app);

// --model, which is also read from IMPRINT_MODEL.
void AddModelOption(CLI::App& app, std::string& model, bool required = true);

// --precision; what it says is read by ChoosePrecision.
void AddPrecisionOption(CLI::App& app, std::string& precision);

// The precision of that name; "auto" is what suits this machine. INVALID_ARGUMENT naming precision.
absl::StatusOr<Precision> ChoosePrecision(absl::string_view name);

}  // namespace imprint
