#include "services/trainer/rank_process.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "base/child_process.h"
#include "base/field_error.h"
#include "base/process_memory.h"
#include "rpc/channel.h"

namespace imprint::trainer {
namespace {

constexpr size_t kMaxSocketPath = 107;  // sockaddr_un::sun_path, with its 0
constexpr absl::Duration kLookInterval = absl::Milliseconds(100);

// posix_spawn's settings for a child that starts from a clean slate.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    // We block the signals that end us; a child must not inherit that. Its own process group keeps
    // Ctrl-C away from it: it is stopped by us, after a checkpoint.
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  // An errno; 0 if it started.
  int Spawn(const std::vector<std::string>& arguments, pid_t& pid) const {
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    return posix_spawn(&pid, argv[0], &actions_, &attributes_, argv.data(), environ);
  }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t actions_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<RankProcess>> RankProcess::Spawn(const RankCommand& command,
                                                                int threads) {
  static std::atomic<int> counter = 0;
  const std::filesystem::path socket =
      command.folder / absl::StrCat("rank-", getpid(), "-", ++counter, ".sock");
  if (socket.string().size() > kMaxSocketPath) {
    return FieldError("work-folder", Quoted(command.folder.string()),
                      "a shorter path: a socket's may have 107 bytes");
  }
  std::vector<std::string> arguments = {
      command.binary,        "--socket", socket.string(),       "--threads",
      absl::StrCat(threads), "--parent", absl::StrCat(getpid())};
  arguments.insert(arguments.end(), command.more_arguments.begin(), command.more_arguments.end());

  const std::shared_ptr<RankProcess> rank(new RankProcess(socket, threads));
  // The child asks the kernel to end it with its parent, and the kernel takes that to be the thread
  // that started it: so the thread that starts it is the one that waits for its end.
  rank->companion_ = std::thread([&rank = *rank, arguments] { rank.Accompany(arguments); });
  const absl::MutexLock lock(&rank->mutex_);
  const auto spawned = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return rank->spawned_.has_value(); };
  rank->mutex_.Await(absl::Condition(&spawned));
  if (!rank->spawned_->ok()) return *rank->spawned_;
  return rank;
}

RankProcess::RankProcess(std::filesystem::path socket, int threads)
    : socket_(std::move(socket)),
      threads_(threads),
      channel_(OpenChannel(UnixAddress(socket_))),
      stub_(v1::RankService::NewStub(channel_)) {}

RankProcess::~RankProcess() {
  Kill();
  companion_.join();
  std::error_code ignored;
  std::filesystem::remove(socket_, ignored);
}

void RankProcess::Accompany(const std::vector<std::string>& arguments) {
  {
    const absl::MutexLock lock(&mutex_);
    const int error = SpawnSettings().Spawn(arguments, pid_);
    if (error != 0) {
      spawned_ = absl::UnavailableError(
          absl::StrCat("cannot start ", arguments[0], ": ", std::strerror(error)));
      ending_ = "was not started";
      return;
    }
    spawned_ = absl::OkStatus();
  }
  siginfo_t info = {};
  // Leaves the child a zombie, so that its number is nobody else's until `ending_` is set.
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const absl::MutexLock lock(&mutex_);
  int wait_status = 0;
  waitpid(pid_, &wait_status, 0);
  ending_ = DescribeEnding(wait_status);
}

absl::Status RankProcess::AwaitReady(absl::Time deadline, const std::stop_token& stop) {
  while (true) {
    const absl::Time look = std::min(deadline, absl::Now() + kLookInterval);
    if (channel_->WaitForConnected(absl::ToChronoTime(look))) return absl::OkStatus();
    if (const auto end = ending()) {
      return absl::UnavailableError(absl::StrCat("imprint-rank ", *end, " before it was ready"));
    }
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError("imprint-rank was started but does not answer");
    }
  }
}

std::optional<std::string> RankProcess::ending() const {
  const absl::MutexLock lock(&mutex_);
  return ending_;
}

bool RankProcess::AwaitEnd(absl::Time deadline) const {
  const auto ended = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return ending_.has_value(); };
  const absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithDeadline(absl::Condition(&ended), deadline);
}

void RankProcess::Kill() {
  const absl::MutexLock lock(&mutex_);
  if (pid_ > 0 && !ending_) kill(pid_, SIGKILL);
}

void RankProcess::KillForMemory(std::string why) {
  {
    const absl::MutexLock lock(&mutex_);
    if (!over_memory_) over_memory_ = std::move(why);
  }
  Kill();
}

std::optional<std::string> RankProcess::over_memory() const {
  const absl::MutexLock lock(&mutex_);
  return over_memory_;
}

int64_t RankProcess::MemoryBytes() const {
  const absl::MutexLock lock(&mutex_);
  return ending_ ? 0 : MemoryOf(pid_).resident;
}

}  // namespace imprint::trainer
