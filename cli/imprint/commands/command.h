// The context that every subcommand of imprint is given.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/imprint/client/gateway.h"
#include "cli/imprint/commands/rights.h"
#include "cli/program/console.h"
#include <CLI/CLI.hpp>

namespace imprint::cli {

// Options that may stand before or after the subcommand, and how to interact with the process.
struct CommandContext {
  Console& console;
  // Whether progress may be redrawn in place.
  bool terminal;
  std::stop_token stop;
  // The gateway's address; empty means that of the `imprint up` that runs on `home`.
  std::string server;
  // The folder that `imprint up` keeps its data in.
  std::filesystem::path home;
  // Asks the person at the terminal; empty if there is none.
  Ask ask;
  // What main returns if the command succeeds; for a command that runs another program.
  int exit_code = 0;
};

// A subcommand: adding it to `app` returns the function that runs it once the line is parsed.
using Run = std::function<absl::Status(CommandContext&)>;
struct Command {
  CLI::App* app;
  Run run;
};

Command MakeUpCommand(CLI::App& app);
Command MakeDownCommand(CLI::App& app);
Command MakeFsckCommand(CLI::App& app);
Command MakeTeachCommand(CLI::App& app);
Command MakeDrawCommand(CLI::App& app);
// watch: of a job, or of the set that it draws, which has the same id.
Command MakeWatchCommand(CLI::App& app);
// watch, jobs, explain, cancel, retry
std::vector<Command> MakeJobCommands(CLI::App& app);
// embeddings list, show, export, import, alias
std::vector<Command> MakeEmbeddingCommands(CLI::App& app);
// models list, add, remove
std::vector<Command> MakeModelCommands(CLI::App& app);
// image-sets list, show, export
std::vector<Command> MakeImageSetCommands(CLI::App& app);
// set check, draw, extend, watch, report, redraw
std::vector<Command> MakeSetCommands(CLI::App& app);
// references list, show
std::vector<Command> MakeReferenceCommands(CLI::App& app);
Command MakeNodesCommand(CLI::App& app);
// policy check
Command MakePolicyCommand(CLI::App& app);

// Returns a client of the command's gateway. Returns FAILED_PRECONDITION if no server is named and
// no `imprint up` is running.
absl::StatusOr<std::unique_ptr<Gateway>> Connect(const CommandContext& context);

}  // namespace imprint::cli
