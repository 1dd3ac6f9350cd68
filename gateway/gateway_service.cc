#include "gateway/gateway_service.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "base/error_notes.h"
#include "base/field_error.h"
#include "base/pause.h"
#include "base/private_path.h"
#include "base/status_macros.h"
#include "gateway/api/job_api.h"
#include "gateway/api/registry_proxy.h"
#include "gateway/dispatch/dispatcher.h"
#include "gateway/dispatch/finisher.h"
#include "gateway/jobs/job_schema.h"
#include "gateway/jobs/job_state.h"
#include "gateway/jobs/obstacles.h"
#include "gateway/jobs/run_stores.h"
#include "gateway/peers/node_watcher.h"
#include "rpc/channel.h"
#include "services/server/disk_metrics.h"
#include "services/server/log.h"
#include "storage/folder_lock.h"
#include "text/policy/policy_file.h"

namespace imprint::gateway {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kBookkeepingEvery = absl::Seconds(2);

absl::Status CheckPositive(absl::string_view flag, int64_t value) {
  if (value >= 1 && value <= 100'000'000) return absl::OkStatus();
  return FieldError(flag, absl::StrCat(value), "a whole number from 1 to 100000000");
}

void CountJobs(JobStore& jobs, Metrics& metrics) {
  const auto counts = jobs.CountByState();
  if (!counts.ok()) return;
  for (int state = v1::JOB_STATE_PENDING; state <= v1::JOB_STATE_CANCELLED; ++state) {
    const auto which = static_cast<v1::JobState>(state);
    const auto found = counts->find(which);
    metrics.Gauge("imprint_jobs", "Jobs by state.", {{"state", std::string(Name(which))}})
        .Set(found == counts->end() ? 0 : static_cast<double>(found->second));
  }
}

void MeasureQueue(WorkQueue& queue, Metrics& metrics) {
  auto lengths = queue.Queue();
  if (!lengths.ok()) return;
  int64_t oldest_us = 0;
  for (const char* kind : {"training", "image_set"}) {
    const QueueLength& length = (*lengths)[kind];
    metrics
        .Gauge("imprint_queue_depth", "Chunks of work that wait for a node.",
               {{"kind", kind == std::string("training") ? "training" : "sampling"}})
        .Set(static_cast<double>(length.chunks));
    oldest_us = std::max(oldest_us, length.oldest_us);
  }
  metrics.Gauge("imprint_queue_oldest_age_seconds", "Age of the oldest job with work that waits.")
      .Set(static_cast<double>(oldest_us) / 1e6);
}

}  // namespace

// In the order in which they are made; they go in the opposite one.
struct GatewayService::Parts {
  Parts(std::unique_ptr<Database> opened, const Flags& flags, const PromptPolicy* policy,
        Metrics& metrics)
      : database(std::move(opened)),
        jobs(*database, bell,
             {.live_jobs_per_tenant = flags.max_live_jobs_per_tenant,
              .live_jobs = flags.max_live_jobs}),
        runs(*database, bell),
        nodes([] { return absl::Now(); }, absl::Seconds(flags.node_timeout_seconds)),
        registry_channel(OpenChannel(flags.registry)),
        registry(registry_channel),
        registry_proxy(registry_channel, jobs, metrics),
        job_api(
            jobs, runs.queue, runs.leases, bell, nodes, registry, obstacles, pace, flags.caps,
            policy, plans, [this] { Changed(); }, metrics) {}

  void Changed() {
    if (dispatcher != nullptr) dispatcher->Wake();
    if (finisher != nullptr) finisher->Wake();
  }

  std::unique_ptr<Database> database;
  EventBell bell;
  JobStore jobs;
  RunStores runs;
  NodeTable nodes;
  std::shared_ptr<grpc::Channel> registry_channel;
  RegistryClient registry;
  RegistryProxy registry_proxy;
  Obstacles obstacles;
  DrawingPace pace;
  sets::ExpansionCache plans;
  JobApi job_api;
  std::unique_ptr<Finisher> finisher;
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<NodeWatcher> watcher;
  std::jthread bookkeeping;
};

GatewayService::GatewayService() = default;
GatewayService::~GatewayService() = default;

void GatewayService::AddFlags(CLI::App& app) {
  app.add_option("--data", flags_.data, "Folder of the gateway's database")
      ->type_name("FOLDER")
      ->required();
  app.add_option("--registry", flags_.registry, "The registry")->type_name("HOST:PORT")->required();
  app.add_option("--registry-for-nodes", flags_.registry_for_nodes,
                 "The registry as nodes reach it; default: --registry")
      ->type_name("HOST:PORT");
  app.add_option("--trainer", flags_.trainers,
                 "A trainer, or dns:NAME:PORT for all behind a name; may be repeated")
      ->type_name("ADDRESS");
  app.add_option("--sampler", flags_.samplers,
                 "A sampler, or dns:NAME:PORT for all behind a name; may be repeated")
      ->type_name("ADDRESS");
  const auto number = [&](const char* name, auto& field, const char* text) {
    app.add_option(name, field, text)->capture_default_str();
  };
  number("--lease-seconds", flags_.lease_seconds,
         "A run whose node was not heard of for so long is given to another");
  number("--node-timeout-seconds", flags_.node_timeout_seconds,
         "A node that was not heard of for so long gets no work");
  number("--stall-seconds", flags_.stall_seconds,
         "A run that says nothing for so long is stopped and tried again");
  number("--chunk-seconds", flags_.chunk_seconds,
         "Pictures of a set are given to a sampler in chunks of about so long");
  number("--max-live-jobs", flags_.max_live_jobs, "Jobs that may wait or run at once");
  number("--max-live-jobs-per-tenant", flags_.max_live_jobs_per_tenant,
         "Jobs of one tenant that may wait or run at once");
  number("--keep-ended-days", flags_.keep_ended_days,
         "Jobs that ended are forgotten after so long; what they made stays");
  app.add_option("--prompt-policy", flags_.prompt_policy,
                 "What prompts may not say: a file that imprint policy check explains")
      ->type_name("FILE");
  gateway::AddFlags(app, flags_.caps);
}

absl::Status GatewayService::CheckFlags() const {
  RETURN_IF_ERROR(CheckPositive("lease-seconds", flags_.lease_seconds));
  RETURN_IF_ERROR(CheckPositive("node-timeout-seconds", flags_.node_timeout_seconds));
  RETURN_IF_ERROR(CheckPositive("stall-seconds", flags_.stall_seconds));
  RETURN_IF_ERROR(CheckPositive("chunk-seconds", flags_.chunk_seconds));
  RETURN_IF_ERROR(CheckPositive("max-live-jobs", flags_.max_live_jobs));
  RETURN_IF_ERROR(CheckPositive("max-live-jobs-per-tenant", flags_.max_live_jobs_per_tenant));
  RETURN_IF_ERROR(CheckPositive("keep-ended-days", flags_.keep_ended_days));
  return gateway::CheckFlags(flags_.caps);
}

absl::Status GatewayService::Open(Metrics& metrics) {
  RETURN_IF_ERROR(CheckFlags());
  ASSIGN_OR_RETURN(policy_, ReadPolicyOfFlag(flags_.prompt_policy));
  const fs::path data = flags_.data;
  constexpr const char* kLock = "gateway.lock";
  RETURN_IF_ERROR(InContext("data", MakePrivateFolder(data, kLock)));
  RETURN_IF_ERROR(InContext("data", LockFolder(data / kLock)));
  ASSIGN_OR_RETURN(auto database, Database::OpenSqlite(data / "gateway.db", JobMigrations()));
  if (const absl::Status whole = database->Check(); absl::IsDataLoss(whole)) {
    LogError("the database is damaged; calls fail until it is restored",
             {{"error", Diagnosed(whole)}});
  }
  MeasureData(data, data / "gateway.db", metrics);
  parts_ =
      std::make_unique<Parts>(std::move(database), flags_, policy_ ? &*policy_ : nullptr, metrics);
  BeginWork(metrics);
  return absl::OkStatus();
}

void GatewayService::BeginWork(Metrics& metrics) {
  Parts& parts = *parts_;
  parts.finisher = std::make_unique<Finisher>(parts.runs.endings, parts.runs.leases, parts.nodes,
                                              parts.registry, parts.obstacles, metrics);
  const std::string& for_nodes =
      flags_.registry_for_nodes.empty() ? flags_.registry : flags_.registry_for_nodes;
  parts.dispatcher = std::make_unique<Dispatcher>(
      parts.runs, parts.nodes, parts.registry, parts.obstacles, parts.pace, parts.plans,
      DispatchSettings{.registry_address = for_nodes,
                       .lease = absl::Seconds(flags_.lease_seconds),
                       .stall = absl::Seconds(flags_.stall_seconds),
                       .chunk = absl::Seconds(flags_.chunk_seconds)},
      metrics);
  std::vector<std::string> targets = flags_.trainers;
  targets.insert(targets.end(), flags_.samplers.begin(), flags_.samplers.end());
  parts.watcher =
      std::make_unique<NodeWatcher>(std::move(targets), parts.nodes, [&parts] { parts.Changed(); });
  const absl::Duration keep = absl::Hours(24) * flags_.keep_ended_days;
  parts.bookkeeping = std::jthread([&parts, &metrics, keep](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      CountJobs(parts.jobs, metrics);
      MeasureQueue(parts.runs.queue, metrics);
      bool more = true;
      while (more && !stop.stop_requested()) {
        const auto forgot = parts.jobs.ForgetOldest(keep);
        more = forgot.ok() && *forgot;
      }
      Pause(stop, kBookkeepingEvery);
    }
  });
}

absl::Status GatewayService::CanServe() { return parts_->database->Check(); }

std::vector<grpc::Service*> GatewayService::Endpoints() {
  return {&parts_->job_api, &parts_->registry_proxy};
}

// Runs go on on their nodes; whoever comes next adopts them.
void GatewayService::Drain(absl::Time) { parts_->job_api.Drain(); }

void GatewayService::Close() {
  parts_->bookkeeping = {};
  parts_->watcher.reset();
  parts_->dispatcher.reset();
  parts_->finisher.reset();
}

}  // namespace imprint::gateway
