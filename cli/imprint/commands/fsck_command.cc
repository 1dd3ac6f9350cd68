// imprint fsck: whether what the services keep is whole.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/up/state_folder.h"

#include "base/child_process.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kCannotLook = 2;

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

// Runs a server's own check; what it says goes where ours goes, or is kept, as JSON, if `keep` is
// set.
absl::StatusOr<Ended> Check(const std::string& server, const fs::path& data, bool keep) {
  int pipe_ends[2] = {-1, -1};
  if (keep && pipe2(pipe_ends, O_CLOEXEC) != 0) {
    return absl::UnavailableError(absl::StrCat("pipe: ", std::generic_category().message(errno)));
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  ChildCommand child = {
      .command = {(program.parent_path() / server).string(), "--fsck", "--data", data.string()},
      .log = "",
      .output = pipe_ends[1],
      .dies_with_parent = true,
      .own_session = false};
  if (keep) child.command.emplace_back("--json");
  const auto pid = StartChild(child);
  Ended ended;
  if (keep) {
    close(pipe_ends[1]);
    if (pid.ok()) ended.printed = ReadToEnd(pipe_ends[0]);
    close(pipe_ends[0]);
  }
  if (!pid.ok()) return pid.status();
  while (waitpid(*pid, &ended.status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(ended.status)) return ended;
  return absl::UnavailableError(absl::StrCat(server, " ", DescribeEnding(ended.status)));
}

// For programs: what was found, or why nothing could be looked at.
absl::Status TellReport(const Ended& ended, Console& console) {
  absl::string_view last;
  for (absl::string_view line : absl::StrSplit(ended.printed, '\n', absl::SkipEmpty())) {
    last = line;
    const auto report = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!report.is_object()) continue;
    console.Event("checked", report);
    return absl::OkStatus();
  }
  absl::ConsumePrefix(&last, "error: ");
  return WEXITSTATUS(ended.status) == kCannotLook ? absl::InvalidArgumentError(last)
                                                  : absl::UnavailableError(last);
}

// Held while the check runs, so that no `up` changes what is being looked at; where nothing can be
// written, as on a backup's medium, none can run.
absl::StatusOr<std::optional<HomeLock>> LockHome(const fs::path& home) {
  if (access(home.c_str(), W_OK) != 0) return std::nullopt;
  ASSIGN_OR_RETURN(HomeLock lock, HomeLock::Take(home));
  // An `up` that was killed left it: `imprint down` would end whoever has its process id now.
  RemoveRunning(home);
  return std::optional<HomeLock>(std::move(lock));
}

absl::Status RunFsck(CommandContext& context) {
  std::error_code error;
  if (!fs::is_directory(context.home / "registry", error)) {
    return absl::NotFoundError(
        absl::StrCat("data: ", context.home.string(), " holds no registry of imprint up"));
  }
  ASSIGN_OR_RETURN(const std::optional<HomeLock> lock, LockHome(context.home));
  const bool json = context.console.json();
  absl::Status problem;
  for (const char* service : {"registry", "gateway"}) {
    const fs::path data = context.home / service;
    // A copy of the registry's folder alone can be checked, too.
    if (!fs::is_directory(data, error)) continue;
    ASSIGN_OR_RETURN(const Ended ended, Check(absl::StrCat("imprint-", service), data, json));
    context.exit_code = std::max(context.exit_code, WEXITSTATUS(ended.status));
    // The other one is looked at all the same.
    if (json) problem.Update(TellReport(ended, context.console));
  }
  return problem;
}

}  // namespace

Command MakeFsckCommand(CLI::App& app) {
  return {app.add_subcommand(
              "fsck",
              "Check the data of an imprint up that does not run, or of a backup of it: both "
              "databases, every record, every blob against its hash, and who else can read them. "
              "Nothing is written."),
          RunFsck};
}

}  // namespace imprint::cli
