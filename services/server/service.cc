#include "services/server/service.h"

#include <csignal>
#include <cstdio>
#include <ctime>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error_notes.h"
#include "base/flags/command_line_error.h"
#include "base/status_macros.h"
#include "services/server/log.h"
#include "services/server/patience.h"
#include "services/server/process_metrics.h"
#include "services/server/readiness.h"
#include "services/server/server.h"
#include "services/server/server_flags.h"

namespace imprint {
namespace {

constexpr int kBadFlags = 2;

// SIGTERM, Ctrl-C and a closed terminal, blocked in every thread that starts after this and waited
// for in one place. A file over a limit (ulimit -f) is an error of the write, and no signal.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    sigset_t blocked = signals_;
    sigaddset(&blocked, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
  }

  void Wait() {
    // A terminal that closes says so more than once, and only asks: it is waited for here alone.
    sigset_t asking = signals_;
    struct sigaction hangup = {};
    if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
      sigaddset(&asking, SIGHUP);
    }
    int signal = 0;
    sigwait(&asking, &signal);
  }

  // Ends the process at the next signal, until stopped.
  std::jthread EndAtNext() {
    return std::jthread([this](const std::stop_token& stop) {
      // sigtimedwait knows no stop token, so it looks for one ten times a second.
      constexpr timespec kPoll = {.tv_sec = 0, .tv_nsec = 100'000'000};
      while (!stop.stop_requested()) {
        if (sigtimedwait(&signals_, nullptr, &kPoll) > 0) std::_Exit(1);
      }
    });
  }

 private:
  sigset_t signals_;
};

absl::Status WriteAddresses(const ServerFlags& flags, const Server& server,
                            const std::string& metrics_address) {
  if (flags.address_file.empty()) return absl::OkStatus();
  const nlohmann::json addresses = {{"grpc", server.address()},
                                    {"health", server.health_address()},
                                    {"metrics", metrics_address}};
  return WriteFileAtomically(flags.address_file, addresses.dump() + "\n");
}

// From listening to the end.
absl::Status Serve(const ServerFlags& flags, Service& service, Metrics& metrics,
                   EndSignals& signals) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                   Server::Start(flags, service.Endpoints(), service.MaxRequestBytes(), metrics));
  std::string metrics_address;
  if (!flags.metrics_listen.empty()) {
    ASSIGN_OR_RETURN(metrics_address, metrics.Expose(flags.metrics_listen));
  }
  RETURN_IF_ERROR(service.Serving(server->address()));
  std::optional<Readiness> readiness(std::in_place, *server, [&]() -> absl::Status {
    RETURN_IF_ERROR(server->HasThreads());
    return service.CanServe();
  });
  RETURN_IF_ERROR(WriteAddresses(flags, *server, metrics_address));
  LogInfo("serving", {{"address", server->address()},
                      {"health", server->health_address()},
                      {"metrics", metrics_address}});

  signals.Wait();
  const std::jthread impatience = signals.EndAtNext();
  // First, or a change that it sees would answer SERVING again.
  readiness.reset();
  server->SetReady(false);
  LogInfo("draining", {{"seconds", flags.drain_seconds}});
  absl::SleepFor(absl::Seconds(flags.drain_delay_seconds));
  const absl::Time deadline = absl::Now() + absl::Seconds(flags.drain_seconds);
  service.Drain(deadline);
  server->Shutdown(deadline);
  LogInfo("stopped");
  return absl::OkStatus();
}

int SayBadFlags(const std::string& name, const absl::Status& error) {
  std::cerr << name << ": error: " << error.message() << "\n";
  return kBadFlags;
}

}  // namespace

int RunService(int argc, char** argv, const std::string& name, const std::string& about,
               Service& service) {
  ServerFlags flags;
  CLI::App app(about, name);
  app.set_version_flag("--version", IMPRINT_VERSION);
  service.AddFlags(app);
  AddServerFlags(app, flags);
  ReadFlagsFromEverywhere(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return SayBadFlags(name, CommandLineError(app, error));
  }
  absl::Status status = CheckServerFlags(flags);
  status.Update(StartLog(name, flags.log_format, flags.log_level));
  if (!status.ok()) return SayBadFlags(name, status);

  // Before anything that starts a thread, as threads inherit the mask.
  EndSignals signals;
  Metrics metrics;
  metrics
      .Gauge("imprint_build_info", "1; the label says which version runs.",
             {{"service", name}, {"version", IMPRINT_VERSION}})
      .Set(1);
  MeasureProcess(metrics);
  SetStreamPatience(absl::Seconds(flags.stream_idle_seconds));
  status = service.Open(metrics);
  if (status.ok()) {
    status = Serve(flags, service, metrics, signals);
    // Before Close: a scrape looks at what Close takes down.
    metrics.Hide();
    service.Close();
  }
  if (status.ok()) return 0;
  LogError("the server failed; the process exits", {{"error", Diagnosed(status)}});
  return absl::IsInvalidArgument(status) ? kBadFlags : 1;
}

}  // namespace imprint
