// imprint fsck: whether the registry's data is whole.
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "cli/imprint/command.h"
#include "cli/imprint/fsck_report.h"
#include "cli/imprint/state_folder.h"

#include "base/child_process.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

// A program that has ended.
struct Ended {
  int status = 0;
  // What it said, if that was asked for.
  std::string printed;
};

std::string ReadToEnd(int file) {
  std::string text;
  char part[4096];
  while (true) {
    const ssize_t got = read(file, part, sizeof(part));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(part, static_cast<size_t>(got));
  }
}

// Runs the registry's own check; what it says goes where ours goes, or is kept if `keep` is set.
absl::StatusOr<Ended> Check(const fs::path& data, bool keep) {
  int pipe_ends[2] = {-1, -1};
  if (keep && pipe2(pipe_ends, O_CLOEXEC) != 0) {
    return absl::UnavailableError(absl::StrCat("pipe: ", std::generic_category().message(errno)));
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const auto pid = StartChild({.command = {(program.parent_path() / "imprint-registry").string(),
                                           "--fsck", "--data", data.string()},
                               .log = "",
                               .output = pipe_ends[1],
                               .dies_with_parent = true,
                               .own_session = false});
  Ended ended;
  if (keep) {
    close(pipe_ends[1]);
    if (pid.ok()) ended.printed = ReadToEnd(pipe_ends[0]);
    close(pipe_ends[0]);
  }
  if (!pid.ok()) return pid.status();
  while (waitpid(*pid, &ended.status, 0) < 0 && errno == EINTR) {
  }
  return ended;
}

// For programs: what was found, or why nothing could be looked at.
absl::Status TellReport(const std::string& printed, int exit_code, Console& console) {
  const auto report = ParseFsckReport(printed);
  if (!report) {
    const std::string why = FsckFailure(printed);
    constexpr int kBadInput = 2;
    return exit_code == kBadInput ? absl::InvalidArgumentError(why) : absl::UnavailableError(why);
  }
  console.Event("checked", {{"clean", report->clean},
                            {"good", report->good},
                            {"missing", report->missing},
                            {"damaged", report->damaged},
                            {"orphans", report->orphans}});
  return absl::OkStatus();
}

absl::Status RunFsck(CommandContext& context) {
  const fs::path data = context.home / "registry";
  std::error_code error;
  if (!fs::is_directory(data, error)) {
    return absl::NotFoundError(
        absl::StrCat("data: ", context.home.string(), " holds no registry of imprint up"));
  }
  // Held while the check runs, so that no `up` changes what is being looked at.
  ASSIGN_OR_RETURN(const HomeLock lock, HomeLock::Take(context.home));
  // An `up` that was killed left it: `imprint down` would end whoever has its process id now.
  RemoveRunning(context.home);
  const bool json = context.console.json();
  ASSIGN_OR_RETURN(const Ended ended, Check(data, json));
  if (!WIFEXITED(ended.status)) {
    return absl::UnavailableError(absl::StrCat("imprint-registry ", DescribeEnding(ended.status)));
  }
  context.exit_code = WEXITSTATUS(ended.status);
  if (!json) return absl::OkStatus();
  return TellReport(ended.printed, context.exit_code, context.console);
}

}  // namespace

Command MakeFsckCommand(CLI::App& app) {
  return {
      app.add_subcommand("fsck",
                         "Check the data of an imprint up that does not run: every blob against "
                         "its hash, every record's blobs."),
      RunFsck};
}

}  // namespace imprint
