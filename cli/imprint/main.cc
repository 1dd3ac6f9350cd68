// imprint: teach and draw through the services, and run them on one machine.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/question.h"
#include "cli/imprint/up/state_folder.h"
#include "cli/program/console.h"
#include "cli/program/given_flags.h"
#include "cli/program/interrupt.h"
#include <CLI/CLI.hpp>

#include "base/field_error.h"
#include "base/flags/command_line_error.h"
#include "base/flags/decimal_options.h"

namespace imprint::cli {
namespace {

constexpr const char* kDescription =
    R"(Teaches Stable Diffusion new concepts and draws with them, through Imprint's services.

  imprint up --model models/demo --licence Apache-2.0
  imprint teach ./photos --word dog --token "<rex>"
  imprint draw --prompt "<rex> in the snow" --seeds 1-4 --out pictures/
)";

constexpr const char* kFooter = R"(
Exit codes: 0 done, 2 bad input (the error says which), 130 stopped by Ctrl-C (a job that was being
watched goes on), 1 anything else.
)";

constexpr const char* kStopNotice =
    "\nstopping; Ctrl-C once more ends at once, without waiting for anything\n";

// --server and --data each say where the servers are; some commands need only the folder.
absl::Status CheckPlace(const CLI::App& app, const std::string& command) {
  if (command == "up" || command == "down" || command == "fsck") {
    return RefuseFlagsBeside(absl::StrCat("imprint ", command), app, {"server"});
  }
  const std::vector<std::string> given = FlagsOnLine(app);
  if (std::find(given.begin(), given.end(), "server") == given.end()) return absl::OkStatus();
  return RefuseFlagsBeside("--server", app, {"data"});
}

int Main(int argc, char** argv) {
  const Interrupt interrupt(kStopNotice);
  CLI::App app(kDescription, "imprint");
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", absl::StrCat("imprint ", IMPRINT_VERSION));
  bool json = false;
  std::string server;
  std::string home;
  app.add_flag("--json", json, "One JSON object a line instead of text, for programs");
  app.add_option("--server", server, "The gateway; default: that of the imprint up that runs here")
      ->type_name("HOST:PORT")
      ->envname("IMPRINT_SERVER");
  app.add_option("--data", home, "What imprint up keeps its data in; default: ~/.imprint")
      ->type_name("FOLDER")
      ->envname("IMPRINT_HOME");
  app.fallthrough();
  std::vector<Command> commands = {
      MakeUpCommand(app),    MakeDownCommand(app), MakeTeachCommand(app), MakeDrawCommand(app),
      MakeNodesCommand(app), MakeFsckCommand(app), MakePolicyCommand(app)};
  for (auto* make : {&MakeJobCommands, &MakeEmbeddingCommands, &MakeImageSetCommands,
                     &MakeSetCommands, &MakeReferenceCommands, &MakeModelCommands}) {
    for (Command& command : make(app)) commands.push_back(std::move(command));
  }
  TakeDecimalNumbers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    // What stands before the mistake has been read, what stands after it has not.
    json = std::any_of(argv, argv + argc, [](const std::string& word) { return word == "--json"; });
    return Console(json, std::cout, std::cerr).Fail(CommandLineError(app, error));
  }

  Console console(json, std::cout, std::cerr);
  CommandContext context{.console = console,
                         .terminal = isatty(STDERR_FILENO) != 0,
                         .stop = interrupt.token(),
                         .server = server,
                         .home = home.empty() ? DefaultHome() : std::filesystem::path(home),
                         .ask = nullptr};
  if (!json && context.terminal && isatty(STDIN_FILENO) != 0) {
    context.ask = AskAtTerminal(interrupt.token());
  }
  for (const Command& command : commands) {
    if (!command.app->parsed()) continue;
    absl::Status status = CheckPlace(app, command.app->get_name());
    if (status.ok()) status = command.run(context);
    return status.ok() ? context.exit_code : console.Fail(status);
  }
  console.Text(app.help());
  return console.Fail(FieldError("command", "none", "up, teach, draw, jobs or another of these"));
}

}  // namespace

}  // namespace imprint::cli

int main(int argc, char** argv) {
  try {
    return imprint::cli::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fputs(absl::StrCat("error: ", error.what(), "\n").c_str(), stderr);
    return 1;
  }
}
