// imprint-engine: teach a concept and draw with it, in one process and without servers.
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/imprint_engine/command.h"
#include "cli/program/console.h"
#include "cli/program/interrupt.h"
#include <CLI/CLI.hpp>

#include "base/field_error.h"
#include "base/flags/command_line_error.h"
#include "base/flags/decimal_options.h"
#include "engine/torch/same_bits.h"
#include "engine/torch/threads.h"

namespace imprint::cli {
namespace {

using std::literals::string_view_literals::operator""sv;

constexpr const char* kDescription =
    R"(Teaches a Stable Diffusion model one new concept from 3 to 5 pictures, and draws with it.

  imprint-engine teach photos/ --class dog --token "<rex>" --out rex/
  imprint-engine draw --embedding rex/ --prompt "<rex> in the snow" --out pictures/
  imprint-engine redraw pictures/
  imprint-engine score pictures/ --against photos/
  imprint-engine info rex/
  imprint-engine devices
)";

constexpr const char* kFooter = R"(
Exit codes: 0 done, 2 bad input (the error says which), 130 stopped by Ctrl-C (teach leaves a
checkpoint: teach --resume FOLDER goes on), 1 anything else.
Set IMPRINT_MODEL to the model's folder to leave --model out.
)";

int Main(int argc, char** argv) {
  engine::AskForSameBits();
  const Interrupt interrupt;
  CLI::App app(kDescription, "imprint-engine");
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", absl::StrCat("imprint-engine ", IMPRINT_VERSION));
  bool json = false;
  int threads = 0;
  app.add_flag("--json", json, "One JSON object a line instead of text, for programs");
  app.add_option("--threads", threads, "Processors to use; 0 is all of them")
      ->envname("IMPRINT_THREADS")
      ->capture_default_str();
  app.fallthrough();
  std::vector<Command> commands = {
      MakeTeachCommand(app), MakeDrawCommand(app),    MakeRedrawCommand(app), MakeScoreCommand(app),
      MakeInfoCommand(app),  MakeDevicesCommand(app), MakeRankCommand(app)};
  TakeDecimalNumbers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    // What stands before the mistake has been read, what stands after it has not.
    json = std::any_of(argv, argv + argc, [](const char* word) { return word == "--json"sv; });
    return Console(json, std::cout, std::cerr).Fail(CommandLineError(app, error));
  }

  Console console(json, std::cout, std::cerr);
  CommandContext context{.console = console,
                         .terminal = isatty(STDERR_FILENO) != 0,
                         .stop = interrupt.token(),
                         .threads = threads};
  if (const absl::Status status = engine::SetComputeThreads(threads); !status.ok()) {
    return console.Fail(status);
  }
  for (const Command& command : commands) {
    if (!command.app->parsed()) continue;
    const absl::Status status = command.run(context);
    return status.ok() ? 0 : console.Fail(status);
  }
  console.Text(app.help());
  return console.Fail(FieldError("command", "none", "teach, draw, redraw, score, info or devices"));
}

}  // namespace

}  // namespace imprint::cli

int main(int argc, char** argv) { return imprint::cli::Main(argc, argv); }
