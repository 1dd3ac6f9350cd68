#include "cli/imprint_engine/local_gang.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "base/child_process.h"
#include "base/status_macros.h"
#include "engine/collective/gang_door.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kLookInterval = absl::Milliseconds(20);
constexpr absl::Duration kEndingSoon = absl::Seconds(3);
constexpr absl::Duration kEndPatience = absl::Seconds(30);

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

absl::StatusOr<std::unique_ptr<LocalGang>> LocalGang::Start(const fs::path& record, int ranks) {
  std::unique_ptr<LocalGang> gang(new LocalGang());
  ASSIGN_OR_RETURN(GangDoor door, GangDoor::Open(gang->place_.host));
  GangPlace& place = gang->place_;
  place.size = ranks;
  place.port = door.port();
  place.token = absl::StrCat("teach-", getpid(), "-", absl::ToUnixNanos(absl::Now()));
  std::error_code ignored;
  const std::string program = fs::read_symlink("/proc/self/exe", ignored).string();
  for (int rank = 1; rank < ranks; ++rank) {
    Child child{.log = record.parent_path() / absl::StrCat("rank-", rank, ".log")};
    fs::remove(child.log, ignored);
    ASSIGN_OR_RETURN(
        child.pid,
        StartChild({.command = {program, "rank", record.string(), "--rank", absl::StrCat(rank),
                                "--port", absl::StrCat(place.port), "--token", place.token},
                    .log = child.log}));
    gang->children_.push_back(child);
  }
  place.door = door.Give();
  return gang;
}

LocalGang::~LocalGang() {
  for (const Child& child : children_) {
    if (child.ended) continue;
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
  }
}

void LocalGang::Look() {
  for (Child& child : children_) {
    if (!child.ended) child.ended = waitpid(child.pid, &child.ending, WNOHANG) == child.pid;
  }
}

bool LocalGang::AllEnded() const {
  return std::all_of(children_.begin(), children_.end(),
                     [](const Child& child) { return child.ended; });
}

absl::Status LocalGang::Explain(const absl::Status& error) {
  const absl::Time deadline = absl::Now() + kEndingSoon;
  for (Look(); !AllEnded() && absl::Now() < deadline; Look()) absl::SleepFor(kLookInterval);
  // One that was killed is why others ended with an error of their own.
  std::string why;
  bool killed = false;
  for (size_t i = 0; i < children_.size(); ++i) {
    const Child& child = children_[i];
    if (!child.ended || child.ending == 0 || killed) continue;
    killed = WIFSIGNALED(child.ending);
    if (!killed && !why.empty()) continue;
    const std::string said = killed ? "" : LastError(child.log);
    why = absl::StrCat("rank ", i + 1, " ", DescribeEnding(child.ending),
                       said.empty() ? "" : absl::StrCat(": ", said));
  }
  if (why.empty()) return error;
  return absl::Status(error.code(), absl::StrCat(why, " (", error.message(), ")"));
}

void LocalGang::AwaitEnd() {
  const absl::Time deadline = absl::Now() + kEndPatience;
  for (Look(); !AllEnded() && absl::Now() < deadline; Look()) absl::SleepFor(kLookInterval);
  std::error_code ignored;
  for (const Child& child : children_) fs::remove(child.log, ignored);
}

}  // namespace imprint
