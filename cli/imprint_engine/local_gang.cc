#include "cli/imprint_engine/local_gang.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "base/child_process.h"
#include "base/status_macros.h"
#include "engine/collective/gang_error.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kLookInterval = absl::Milliseconds(20);
// The others' next sum fails at once when a rank is lost; a moment later all have ended and can be
// told apart.
constexpr absl::Duration kEndingSoon = absl::Seconds(3);

bool SaysReady(const fs::path& log) {
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) {
    if (line == kReadyLine) return true;
  }
  return false;
}

// The error that a rank wrote last, without its "error: "; empty if it wrote none.
std::string LastError(const fs::path& log) {
  const std::string mark = "error: ";
  std::ifstream file(log);
  std::string last;
  for (std::string line; std::getline(file, line);) {
    if (const size_t at = line.find(mark); at != std::string::npos) {
      last = line.substr(at + mark.size());
    }
  }
  return last;
}

}  // namespace

void RemoveRankLogs(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> logs;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (absl::StartsWith(name, "rank-") && absl::EndsWith(name, ".log")) logs.push_back(entry);
  }
  for (const fs::path& log : logs) fs::remove(log, ignored);
}

absl::StatusOr<std::unique_ptr<LocalGang>> LocalGang::Start(const fs::path& record, int ranks) {
  std::unique_ptr<LocalGang> gang(new LocalGang());
  RemoveRankLogs(record.parent_path());
  engine::GangPlace& place = gang->place_;
  ASSIGN_OR_RETURN(gang->door_, engine::GangDoor::Open(place.host));
  place.size = ranks;
  place.port = gang->door_->port();
  place.token = absl::StrCat("teach-", getpid(), "-", absl::ToUnixNanos(absl::Now()));
  std::error_code ignored;
  // The very file that runs, which argv[0] need not name.
  const std::string program = fs::read_symlink("/proc/self/exe", ignored).string();
  for (int rank = 1; rank < ranks; ++rank) {
    Child child{.log = record.parent_path() / absl::StrCat("rank-", rank, ".log")};
    ASSIGN_OR_RETURN(
        child.pid,
        StartChild({.command = {program, "rank", record.string(), "--rank", absl::StrCat(rank),
                                "--port", absl::StrCat(place.port), "--token", place.token},
                    .log = child.log}));
    gang->children_.push_back(std::move(child));
  }
  return gang;
}

LocalGang::~LocalGang() {
  for (const Child& child : children_) {
    if (child.ending.ended) continue;
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
  }
}

void LocalGang::Look() {
  for (Child& child : children_) {
    RankEnding& ending = child.ending;
    if (ending.ended) continue;
    ending.ended = waitpid(child.pid, &ending.wait_status, WNOHANG) == child.pid;
    if (ending.ended) ending.said = LastError(child.log);
  }
}

bool LocalGang::AllEnded() const {
  return std::all_of(children_.begin(), children_.end(),
                     [](const Child& child) { return child.ending.ended; });
}

std::vector<RankEnding> LocalGang::Endings() const {
  std::vector<RankEnding> endings;
  for (const Child& child : children_) endings.push_back(child.ending);
  return endings;
}

absl::Status LocalGang::AwaitReady(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Look();
    if (std::any_of(children_.begin(), children_.end(),
                    [](const Child& child) { return child.ending.ended; })) {
      // Those that live are not at fault.
      std::vector<RankEnding> endings = Endings();
      for (RankEnding& ending : endings) ending.ended = true;
      return ExplainGangError(
          absl::UnavailableError(absl::StrCat(engine::kGangError, "not all ranks have come")),
          endings);
    }
    if (std::all_of(children_.begin(), children_.end(),
                    [](const Child& child) { return SaysReady(child.log); })) {
      return absl::OkStatus();
    }
    absl::SleepFor(kLookInterval);
  }
  return absl::CancelledError("stopped before the first step");
}

absl::Status LocalGang::Explain(const absl::Status& error) {
  AwaitEnd(kEndingSoon);
  return ExplainGangError(error, Endings());
}

void LocalGang::AwaitEnd(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  for (Look(); !AllEnded() && absl::Now() < deadline; Look()) absl::SleepFor(kLookInterval);
}

}  // namespace imprint::cli
