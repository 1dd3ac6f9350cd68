// Keeps servers running: starts them, starts again what dies, stops them in order.
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

// What a supervisor tells, on the thread that calls it.
struct SupervisorReports {
  // A server runs, again or for the first time.
  std::function<void(const ServerPlan&, pid_t)> started = [](const ServerPlan&, pid_t) {};
  // One that was wanted is gone ("was killed by signal 9") and will be started after `delay`.
  std::function<void(const ServerPlan&, const std::string& how, absl::Duration delay)> died =
      [](const ServerPlan&, const std::string&, absl::Duration) {};
  // These are told to end.
  std::function<void(const std::vector<std::string>& names)> stopping =
      [](const std::vector<std::string>&) {};
};

struct SupervisorPatience {
  absl::Duration ready = absl::Seconds(60);
  // From SIGTERM to SIGKILL, for each stage; servers drain by themselves long before.
  absl::Duration stop = absl::Seconds(60);
};

// All calls from one thread, which must live as long as the servers: they are killed when it ends.
class Supervisor {
 public:
  Supervisor(std::vector<ServerPlan> servers, SupervisorReports reports,
             SupervisorPatience patience = {});
  // Kills what still runs.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Starts all and returns once all are ready. An error, with the end of its log, if one ends
  // before that; DEADLINE_EXCEEDED, CANCELLED.
  absl::Status Start(const std::stop_token& stop);

  // Starts again what dies, until stopped.
  void Keep(const std::stop_token& stop);

  // SIGTERM stage by stage, then SIGKILL for what does not end. Returns when nothing runs.
  void Stop();

  // Of the servers that run now.
  std::map<std::string, pid_t> pids() const;

 private:
  struct Server {
    ServerPlan plan;
    pid_t pid = 0;
    bool ready = false;
    absl::Time started;
    RestartDelay delay;
    absl::Time start_at = absl::InfiniteFuture();
    // Waits for the process's end.
    std::thread waiter;
  };

  absl::Status Launch(Server& server);
  // What has ended since, and how; each process once.
  struct Ending {
    Server* server;
    std::string how;
  };
  std::vector<Ending> Reap();
  // Waits until something ended, a stop was requested, or the deadline.
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

// The last lines of a file, at most `bytes`.
std::string EndOfLog(const std::filesystem::path& log, size_t bytes = 2000);

}  // namespace imprint::cli
