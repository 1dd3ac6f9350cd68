// imprint up: the four services on loopback, for one machine. imprint down ends them.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "cli/imprint/client/base_models.h"
#include "cli/imprint/client/models_list.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/up/free_ports.h"
#include "cli/imprint/up/server_plan.h"
#include "cli/imprint/up/state_folder.h"
#include "cli/imprint/up/supervisor.h"
#include "cli/program/given_flags.h"

#include "base/child_process.h"
#include "base/field_error.h"
#include "base/private_path.h"
#include "base/status_macros.h"
#include "base/usable_processors.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxNodes = 64;
// Longer than the stages of a stop together.
constexpr absl::Duration kDownPatience = absl::Minutes(4);
constexpr absl::Duration kLastMoment = absl::Seconds(2);
constexpr absl::Duration kLookInterval = absl::Milliseconds(50);

struct UpOptions {
  // No folder registers none.
  NewModel model;
  int trainers = 1;
  int samplers = 1;
  bool detach = false;
};

absl::StatusOr<fs::path> OwnProgram() {
  std::error_code error;
  fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return absl::InternalError(absl::StrCat("/proc/self/exe: ", error.message()));
  return program;
}

absl::Status CheckOptions(UpOptions& options) {
  for (const auto& [name, count] :
       {std::pair("trainers", options.trainers), std::pair("samplers", options.samplers)}) {
    if (count < 0 || count > kMaxNodes) {
      return FieldError(name, absl::StrCat(count), absl::StrCat("0 to ", kMaxNodes));
    }
  }
  NewModel& model = options.model;
  if (model.folder.empty()) return absl::OkStatus();
  std::error_code ignored;
  if (!fs::is_directory(model.folder, ignored) && !fs::is_regular_file(model.folder, ignored)) {
    return FieldError("model", Quoted(model.folder),
                      "a folder, as Diffusers saves it, or one .safetensors file");
  }
  if (model.licence.empty()) model.licence = LicenceFromReadme(model.folder);
  if (model.licence.empty()) {
    return FieldError("licence", "none, and there is no README.md in a folder that states one",
                      "the model's licence: --licence TEXT");
  }
  return absl::OkStatus();
}

// One run of the command.
class Up {
 public:
  Up(const UpOptions& options, CommandContext& context)
      : options_(options), context_(context), console_(context.console), home_(context.home) {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(const HomeLock lock, HomeLock::Take(home_));
    RemoveRunning(home_);
    RETURN_IF_ERROR(MakeFolders());
    ASSIGN_OR_RETURN(const std::vector<ServerPlan> servers, Plan());
    Supervisor supervisor(servers, Reports());
    const absl::Status status = Serve(supervisor);
    RemoveRunning(home_);
    supervisor_ = nullptr;
    supervisor.Stop();
    RETURN_IF_ERROR(status);
    console_.Line("stopped", home_.string());
    console_.Event("stopped", {{"data", home_.string()}});
    return absl::OkStatus();
  }

 private:
  // One alone knows by itself; several share the processors.
  int ThreadsOfATrainer() const {
    return options_.trainers < 2 ? 0 : std::max(1, UsableProcessors() / options_.trainers);
  }

  absl::Status MakeFolders() const {
    for (const char* name : {"registry", "gateway", "logs", "run"}) {
      RETURN_IF_ERROR(MakePrivateFolder(home_ / name));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<ServerPlan>> Plan() {
    ASSIGN_OR_RETURN(const fs::path program, OwnProgram());
    const UpPlan plan = {.binaries = program.parent_path(),
                         .home = fs::absolute(home_),
                         .trainers = options_.trainers,
                         .rank_threads = ThreadsOfATrainer(),
                         .samplers = options_.samplers};
    ASSIGN_OR_RETURN(const std::vector<int> ports, FindFreePorts(PortsNeeded(plan)));
    std::vector<ServerPlan> servers = PlanServers(plan, ports);
    for (const ServerPlan& server : servers) {
      // The log of the run before is kept, and only that.
      std::error_code ignored;
      fs::rename(server.log, absl::StrCat(server.log.string(), ".1"), ignored);
      running_.metrics[server.name] = server.metrics_url;
      if (server.name == "gateway") running_.server = server.address;
    }
    running_.pid = getpid();
    return servers;
  }

  SupervisorReports Reports() {
    SupervisorReports reports;
    reports.started = [this](const ServerPlan& server, pid_t pid) {
      console_.Event("started", {{"server", server.name}, {"pid", pid}});
      // Before all are ready there is nothing to say yet.
      if (supervisor_ != nullptr) Publish();
    };
    reports.died = [this](const ServerPlan& server, const std::string& how, absl::Duration delay) {
      console_.Event("died", {{"server", server.name}, {"how", how}});
      if (console_.json()) return;
      console_.Warn(absl::StrCat("the ", server.name, " ", how, "; again in ",
                                 absl::FormatDuration(delay), "; see ", server.log.string()));
    };
    reports.stopping = [this](const std::vector<std::string>& names) {
      console_.Line("stopping", absl::StrJoin(names, ", "));
      console_.Event("stopping", {{"servers", names}});
    };
    return reports;
  }

  // From the start to the request to stop.
  absl::Status Serve(Supervisor& supervisor) {
    RETURN_IF_ERROR(supervisor.Start(context_.stop));
    supervisor_ = &supervisor;
    Gateway gateway(running_.server, context_.stop);
    RETURN_IF_ERROR(BeginModelsList(home_, gateway));
    v1::BaseModel model;
    if (!options_.model.folder.empty()) {
      ASSIGN_OR_RETURN(model, RegisterModelHere(home_, gateway, options_.model));
    }
    RETURN_IF_ERROR(WriteRunning(home_, Now()));
    Announce(model);
    supervisor.Keep(context_.stop);
    return absl::OkStatus();
  }

  RunningServers Now() const {
    RunningServers now = running_;
    now.pids = supervisor_->pids();
    return now;
  }

  // Others can do with an older up.json: where it says to be is where servers come back.
  void Publish() const {
    if (const absl::Status status = WriteRunning(home_, Now()); !status.ok()) {
      console_.Warn(status.message());
    }
  }

  void Announce(const v1::BaseModel& model) {
    console_.Line("server", running_.server);
    for (const auto& [name, url] : running_.metrics) {
      console_.Line("metrics", absl::StrCat(url, "  ", name));
    }
    if (!model.name().empty()) {
      console_.Line("model", absl::StrCat(model.name(), " (", model.fingerprint().substr(0, 12),
                                          "), ", model.licence()));
    }
    console_.Line("data", home_.string());
    console_.Line("logs", (home_ / "logs").string());
    console_.Line("ready", "imprint teach ./photos --word dog --token \"<rex>\"; Ctrl-C stops all");
    console_.Event("ready", {{"server", running_.server},
                             {"metrics", running_.metrics},
                             {"model", model.name()},
                             {"data", home_.string()},
                             {"pids", Now().pids}});
  }

  const UpOptions& options_;
  CommandContext& context_;
  Console& console_;
  const fs::path home_;
  RunningServers running_;
  // Once all are ready.
  const Supervisor* supervisor_ = nullptr;
};

// Runs the same command in the background and returns once it is ready. Until then its log is its
// own: of two that begin at once, one will be refused, and must not take the other's away.
absl::Status Detach(const UpOptions& options, CommandContext& context) {
  RETURN_IF_ERROR(HomeLock::Take(context.home).status());
  RETURN_IF_ERROR(MakePrivateFolder(context.home / "logs"));
  ASSIGN_OR_RETURN(const fs::path program, OwnProgram());
  const fs::path log = context.home / "logs" / absl::StrCat("up-", getpid(), ".log");
  const fs::path kept_log = context.home / "logs" / "up.log";
  std::error_code ignored;
  fs::remove(log, ignored);
  const absl::Cleanup remove_log = [&log, &ignored] { fs::remove(log, ignored); };
  ChildCommand child = {
      .command = {program.string(), "--data", context.home.string(), "up", "--trainers",
                  absl::StrCat(options.trainers), "--samplers", absl::StrCat(options.samplers)},
      .log = log,
      .dies_with_parent = false};
  if (!options.model.folder.empty()) {
    for (const std::string& argument :
         {std::string("--model"), options.model.folder, std::string("--model-id"), options.model.id,
          std::string("--licence"), options.model.licence}) {
      child.command.push_back(argument);
    }
  }
  ASSIGN_OR_RETURN(const pid_t pid, StartChild(child));
  while (true) {
    const auto running = ReadRunning(context.home);
    if (running.ok() && *running && (*running)->pid == pid) {
      fs::rename(log, kept_log, ignored);
      context.console.Line("server", (*running)->server);
      context.console.Line("ready", absl::StrCat("process ", pid, ", log ", kept_log.string(),
                                                 "; imprint down stops all"));
      context.console.Event(
          "ready",
          {{"server", (*running)->server}, {"metrics", (*running)->metrics}, {"pid", pid}});
      return absl::OkStatus();
    }
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == pid) {
      // Another one may have been faster.
      RETURN_IF_ERROR(HomeLock::Take(context.home).status());
      return absl::UnavailableError(
          absl::StrCat("imprint up ", DescribeEnding(status), ":\n", EndOfLog(log)));
    }
    if (!WaitUnlessStopped(context.stop, kLookInterval)) {
      kill(pid, SIGTERM);
      return absl::CancelledError("stopped");
    }
  }
}

absl::Status RunUp(const CLI::App& up, UpOptions options, CommandContext& context) {
  if (options.model.folder.empty()) {
    RETURN_IF_ERROR(RefuseFlagsWithout("--model", up, {"model-id", "licence"}));
  }
  RETURN_IF_ERROR(CheckOptions(options));
  return options.detach ? Detach(options, context) : Up(options, context).Run();
}

absl::Status RunDown(CommandContext& context) {
  ASSIGN_OR_RETURN(const auto running, ReadRunning(context.home));
  if (!running) {
    context.console.Line("stopped", absl::StrCat("nothing runs on ", context.home.string()));
    context.console.Event("stopped", {{"data", context.home.string()}});
    return absl::OkStatus();
  }
  kill(running->pid, SIGTERM);
  const absl::Time until = absl::Now() + kDownPatience;
  while (HomeLock::IsHeld(context.home)) {
    if (absl::Now() > until) {
      return absl::DeadlineExceededError(absl::StrCat("process ", running->pid,
                                                      " does not end; see the logs in ",
                                                      (context.home / "logs").string()));
    }
    if (!WaitUnlessStopped(context.stop, kLookInterval))
      return absl::CancelledError("stopped waiting");
  }
  // It lets go of the lock a moment before it ends. Where nobody reaps it, it may never seem to.
  const absl::Time gone_by = absl::Now() + kLastMoment;
  while (kill(running->pid, 0) == 0 && absl::Now() < gone_by) absl::SleepFor(kLookInterval);
  context.console.Line("stopped", context.home.string());
  context.console.Event("stopped", {{"data", context.home.string()}});
  return absl::OkStatus();
}

}  // namespace

Command MakeUpCommand(CLI::App& app) {
  const auto options = std::make_shared<UpOptions>();
  CLI::App* up = app.add_subcommand(
      "up",
      "Run gateway, registry, trainer and sampler on this machine, until Ctrl-C.\n\n"
      "  imprint up --model models/demo --licence Apache-2.0\n\n"
      "What dies is started again. Flags of the servers are read from the environment:\n"
      "IMPRINT_RANK_THREADS=2 imprint up. imprint-trainer --help and the others' list them.\n");
  up->add_option("--model", options->model.folder,
                 "Base model to register: a folder as Diffusers saves it, or one .safetensors file")
      ->type_name("PATH");
  up->add_option("--model-id", options->model.id, "The id that it is registered under")
      ->type_name("ID")
      ->capture_default_str();
  up->add_option("--licence", options->model.licence,
                 "The model's licence; default: what its README.md states")
      ->type_name("TEXT");
  up->add_option("--trainers", options->trainers, "Trainers to run")->capture_default_str();
  up->add_option("--samplers", options->samplers, "Samplers to run")->capture_default_str();
  up->add_flag("--detach", options->detach, "Return once all are ready; imprint down stops them");
  return {up, [up, options](CommandContext& context) { return RunUp(*up, *options, context); }};
}

Command MakeDownCommand(CLI::App& app) {
  return {app.add_subcommand("down", "Stop what imprint up runs, and wait until it has ended."),
          RunDown};
}

}  // namespace imprint::cli
