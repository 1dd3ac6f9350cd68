#include "cli/imprint/up/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "base/child_process.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

// How often a server's address file is looked for.
constexpr absl::Duration kLookForReady = absl::Milliseconds(50);

}  // namespace

Supervisor::Supervisor(std::vector<ServerPlan> servers, SupervisorReports reports,
                       SupervisorPatience patience)
    : servers_(servers.size()), reports_(std::move(reports)), patience_(patience) {
  for (size_t i = 0; i < servers.size(); ++i) servers_[i].plan = std::move(servers[i]);
}

Supervisor::~Supervisor() {
  for (Server& server : servers_) {
    if (server.pid > 0) kill(server.pid, SIGKILL);
    // The waiter ends with the process, and leaves it to be reaped.
    if (server.waiter.joinable()) server.waiter.join();
    if (server.pid > 0) waitpid(server.pid, nullptr, 0);
  }
}

absl::Status Supervisor::Start(const std::stop_token& stop) {
  for (Server& server : servers_) RETURN_IF_ERROR(Launch(server));
  const absl::Time until = absl::Now() + patience_.ready;
  while (true) {
    std::vector<std::string> waiting;
    for (Server& server : servers_) {
      std::error_code ignored;
      server.ready = server.ready || std::filesystem::exists(server.plan.address_file, ignored);
      if (!server.ready) waiting.push_back(server.plan.name);
    }
    for (const Ending& ending : Reap()) {
      const ServerPlan& plan = ending.server->plan;
      return absl::UnavailableError(absl::StrCat("the ", plan.name, " ", ending.how,
                                                 " before all were ready; ", plan.log.string(),
                                                 " ends with:\n", EndOfLog(plan.log)));
    }
    if (waiting.empty()) return absl::OkStatus();
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    if (absl::Now() > until) {
      return absl::DeadlineExceededError(absl::StrCat(
          absl::StrJoin(waiting, ", "), ": not ready after ", absl::FormatDuration(patience_.ready),
          "; the logs are in ", servers_[0].plan.log.parent_path().string()));
    }
    Await(absl::Now() + kLookForReady, stop);
  }
}

void Supervisor::Keep(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    absl::Time next = absl::InfiniteFuture();
    for (const Server& server : servers_) next = std::min(next, server.start_at);
    Await(next, stop);
    if (stop.stop_requested()) return;
    for (const Ending& ending : Reap()) ScheduleRestart(ending);
    for (Server& server : servers_) {
      if (server.start_at > absl::Now()) continue;
      if (const absl::Status status = Launch(server); !status.ok()) {
        server.started = absl::Now();
        ScheduleRestart({&server, absl::StrCat("could not be started: ", status.message())});
      }
    }
  }
}

void Supervisor::Stop() {
  int last_stage = 0;
  for (Server& server : servers_) {
    // Nothing is restarted from here on.
    server.start_at = absl::InfiniteFuture();
    last_stage = std::max(last_stage, server.plan.stop_stage);
  }
  for (int stage = 0; stage <= last_stage; ++stage) EndStage(stage);
}

std::map<std::string, pid_t> Supervisor::pids() const {
  std::map<std::string, pid_t> pids;
  for (const Server& server : servers_) {
    if (server.pid > 0) pids[server.plan.name] = server.pid;
  }
  return pids;
}

absl::Status Supervisor::Launch(Server& server) {
  server.start_at = absl::InfiniteFuture();
  std::error_code ignored;
  // One that an earlier run left would make the server look ready.
  std::filesystem::remove(server.plan.address_file, ignored);
  const auto pid = StartChild({.command = server.plan.command, .log = server.plan.log});
  if (!pid.ok()) return pid.status();
  server.pid = *pid;
  server.started = absl::Now();
  server.waiter = std::thread([this, pid = *pid] {
    siginfo_t info = {};
    // Leaves the child a zombie: its number is nobody else's until it is reaped.
    while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    const absl::MutexLock lock(&mutex_);
    ended_.push_back(pid);
    changed_.SignalAll();
  });
  reports_.started(server.plan, server.pid);
  return absl::OkStatus();
}

std::vector<Supervisor::Ending> Supervisor::Reap() {
  std::deque<pid_t> ended;
  {
    const absl::MutexLock lock(&mutex_);
    ended.swap(ended_);
  }
  std::vector<Ending> endings;
  for (const pid_t pid : ended) {
    const auto server = std::find_if(servers_.begin(), servers_.end(),
                                     [pid](const Server& each) { return each.pid == pid; });
    if (server == servers_.end()) continue;
    server->waiter.join();
    int status = 0;
    waitpid(pid, &status, 0);
    server->pid = 0;
    endings.push_back({&*server, DescribeEnding(status)});
  }
  return endings;
}

void Supervisor::Await(absl::Time deadline, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    const absl::MutexLock lock(&mutex_);
    changed_.SignalAll();
  });
  const absl::MutexLock lock(&mutex_);
  while (ended_.empty() && !stop.stop_requested()) {
    if (changed_.WaitWithDeadline(&mutex_, deadline)) return;
  }
}

void Supervisor::ScheduleRestart(const Ending& ending) {
  Server& server = *ending.server;
  const absl::Duration delay = server.delay.Next(absl::Now() - server.started);
  server.start_at = absl::Now() + delay;
  reports_.died(server.plan, ending.how, delay);
}

void Supervisor::EndStage(int stage) {
  const auto running = [&] {
    std::vector<Server*> found;
    for (Server& server : servers_) {
      if (server.plan.stop_stage == stage && server.pid > 0) found.push_back(&server);
    }
    return found;
  };
  Reap();
  std::vector<std::string> names;
  for (const Server* server : running()) {
    names.push_back(server->plan.name);
    kill(server->pid, SIGTERM);
  }
  if (names.empty()) return;
  reports_.stopping(names);
  const std::stop_token never;
  const absl::Time until = absl::Now() + patience_.stop;
  while (!running().empty() && absl::Now() < until) {
    Await(until, never);
    Reap();
  }
  for (const Server* server : running()) kill(server->pid, SIGKILL);
  while (!running().empty()) {
    Await(absl::InfiniteFuture(), never);
    Reap();
  }
}

std::string EndOfLog(const std::filesystem::path& log, size_t bytes) {
  std::ifstream file(log, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (text.size() <= bytes) return text;
  text.erase(0, text.size() - bytes);
  return text.substr(text.find('\n') + 1);
}

}  // namespace imprint::cli
