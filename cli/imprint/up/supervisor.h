// Keeps servers running: starts them, restarts those that die, and stops them in order.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cli/imprint/up/restart_delay.h"
#include "cli/imprint/up/server_plan.h"

namespace imprint::cli {

// The callbacks of a supervisor, made on the thread that calls it.
struct SupervisorReports {
  // A server was started, again or for the first time.
  std::function<void(const ServerPlan&, pid_t)> started = [](const ServerPlan&, pid_t) {};
  // A server died ("was killed by signal 9") and will be restarted after `delay`.
  std::function<void(const ServerPlan&, const std::string& how, absl::Duration delay)> died =
      [](const ServerPlan&, const std::string&, absl::Duration) {};
  // These servers are being stopped.
  std::function<void(const std::vector<std::string>& names)> stopping =
      [](const std::vector<std::string>&) {};
};

struct SupervisorPatience {
  absl::Duration ready = absl::Seconds(60);
  // The time from SIGTERM to SIGKILL for each stage; servers drain by themselves long before.
  absl::Duration stop = absl::Seconds(60);
};

// All calls must come from one thread, which must live as long as the servers: they are killed when
// it ends.
class Supervisor {
 public:
  Supervisor(std::vector<ServerPlan> servers, SupervisorReports reports,
             SupervisorPatience patience = {});
  // Kills the servers that are still running.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Starts all servers and returns once all are ready. Returns an error, with the end of its log,
  // if one ends before that; DEADLINE_EXCEEDED; CANCELLED.
  absl::Status Start(const std::stop_token& stop);

  // Restarts servers that die, until stopped.
  void Keep(const std::stop_token& stop);

  // Sends SIGTERM stage by stage, then SIGKILL to what does not end. Returns when nothing is
  // running.
  void Stop();

  // Returns the process ids of the servers that are running now.
  std::map<std::string, pid_t> pids() const;

 private:
  struct Server {
    ServerPlan plan;
    pid_t pid = 0;
    bool ready = false;
    absl::Time started;
    RestartDelay delay;
    absl::Time start_at = absl::InfiniteFuture();
    // The thread that waits for the process's end.
    std::thread waiter;
  };

  absl::Status Launch(Server& server);
  // Returns which processes have ended since the last call, and how; each once.
  struct Ending {
    Server* server;
    std::string how;
  };
  std::vector<Ending> Reap();
  // Blocks until a process ended, a stop was requested, or the deadline.
  void Await(absl::Time deadline, const std::stop_token& stop);
  void ScheduleRestart(const Ending& ending);
  void EndStage(int stage);

  std::vector<Server> servers_;
  SupervisorReports reports_;
  SupervisorPatience patience_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<pid_t> ended_ ABSL_GUARDED_BY(mutex_);
};

// Returns the last lines of a file, at most `bytes`.
std::string EndOfLog(const std::filesystem::path& log, size_t bytes = 2000);

}  // namespace imprint::cli
