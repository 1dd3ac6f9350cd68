#include "gateway/dispatch/dispatcher.h"

#include <algorithm>
#include <stop_token>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "base/error_notes.h"
#include "base/status_macros.h"
#include "gateway/jobs/job_id.h"
#include "gateway/scheduler/take_snapshot.h"
#include "services/server/log.h"

namespace imprint::gateway {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(500);
// However often it is woken: many small changes are one look.
constexpr absl::Duration kShortestTick = absl::Milliseconds(20);
// Between two looks for jobs that waited, or took, too long: their limits are seconds.
constexpr absl::Duration kExpiryInterval = absl::Seconds(1);
// A node lists a run soon after Start; until then its absence says nothing.
constexpr absl::Duration kListedWithin = absl::Seconds(3);

std::string FollowerKey(const v1::RunKey& run) {
  return absl::StrCat(run.job(), "/", run.chunk(), "/", run.attempt());
}

bool TakesWork(const KnownNode& node) {
  return node.alive && !node.status.draining() && node.status.free_slots() > 0;
}

}  // namespace

Dispatcher::Dispatcher(RunStores& runs, NodeTable& nodes, RegistryClient& registry,
                       Obstacles& obstacles, DrawingPace& pace, sets::ExpansionCache& plans,
                       DispatchSettings settings, Metrics& metrics)
    : runs_(runs),
      nodes_(nodes),
      registry_(registry),
      obstacles_(obstacles),
      settings_(std::move(settings)),
      decide_seconds_(metrics.Seconds("imprint_scheduler_decide_seconds",
                                      "Seconds that a decision of the JobScheduler took.")),
      metrics_(metrics),
      pace_(pace),
      plans_(plans),
      thread_([this](const std::stop_token& stop) { Loop(stop); }) {}

Dispatcher::~Dispatcher() {
  thread_.request_stop();
  Wake();
  thread_.join();
}

void Dispatcher::Wake() {
  const absl::MutexLock lock(&mutex_);
  wake_ = true;
  woken_.Signal();
}

void Dispatcher::Loop(const std::stop_token& stop) {
  // Whoever ran when the gateway stopped gets time to be heard of.
  while (!stop.stop_requested() && Stumbles(runs_.leases.RenewAll(settings_.lease))) {
    absl::SleepFor(kTick);
  }
  while (!stop.stop_requested()) {
    if (Stumbles(Tick())) absl::SleepFor(kTick);
    if (!stop.stop_requested()) absl::SleepFor(kShortestTick);
    const absl::MutexLock lock(&mutex_);
    const absl::Time until = absl::Now() + kTick;
    while (!wake_ && !woken_.WaitWithDeadline(&mutex_, until)) {
    }
    wake_ = false;
  }
  // All at once: each may be in the middle of a call.
  for (auto& [key, follower] : followers_) follower->RequestStop();
  followers_.clear();
}

bool Dispatcher::Stumbles(const absl::Status& status) {
  if (status.ok()) {
    stumbling_.Over();
    obstacles_.SetForAll("");
    return false;
  }
  obstacles_.SetForAll(absl::StrCat("the gateway cannot go on: ", status.message()));
  if (stumbling_.Due()) {
    LogWarning("a dispatch tick failed; the next one retries", {{"error", Diagnosed(status)}});
  }
  return true;
}

absl::Status Dispatcher::Tick() {
  std::erase_if(followers_, [](const auto& entry) { return entry.second->ended(); });
  RETURN_IF_ERROR(RenewAndExpire());
  ASSIGN_OR_RETURN(const auto current, runs_.leases.Current());
  RETURN_IF_ERROR(AdoptOrLose(current));
  StopStrays(current);
  RETURN_IF_ERROR(GiveUpStalled());
  return Schedule(current);
}

// First renewed, then expired: a gateway that could not write for a while has not lost its runs.
absl::Status Dispatcher::RenewAndExpire() {
  std::vector<v1::RunKey> beating;
  for (const KnownNode& node : nodes_.Nodes()) {
    if (!node.alive) continue;
    beating.insert(beating.end(), node.status.runs().begin(), node.status.runs().end());
  }
  // No node lists a run that is still being begun, for which the registry may take its time, nor a
  // gang's that has ended before the others.
  for (const auto& [key, follower] : followers_) {
    for (v1::RunKey& run : follower->unlisted()) beating.push_back(std::move(run));
  }
  RETURN_IF_ERROR(runs_.leases.Renew(beating, settings_.lease));
  ASSIGN_OR_RETURN(const auto lost, runs_.leases.ExpiredRuns());
  for (const ExpiredRun& each : lost) {
    RETURN_IF_ERROR(Lose(each.run.key, each.run.node, each.end));
  }
  return ExpireJobs();
}

absl::Status Dispatcher::ExpireJobs() {
  const absl::Time now = absl::Now();
  if (now < next_expiry_) return absl::OkStatus();
  next_expiry_ = now + kExpiryInterval;
  ASSIGN_OR_RETURN(const auto late, runs_.endings.ExpiredJobs());
  for (const std::string& job : late) {
    RETURN_IF_ERROR(PassOverDamaged(job, runs_.endings.ExpireJob(job)));
  }
  return absl::OkStatus();
}

absl::Status Dispatcher::Lose(const v1::RunKey& run, const std::string& node, const RunEnd& end) {
  const auto follower = followers_.find(FollowerKey(run));
  const absl::Status given = follower == followers_.end() ? runs_.records.GiveBack(run, end)
                                                          : follower->second->Abandon(end);
  if (absl::IsAborted(given)) return absl::OkStatus();
  if (!given.ok()) return PassOverDamaged(JobIdOf(run), given);
  LogWarning(
      "a run is lost; its chunk is given back",
      {{"job", run.job()}, {"attempt", run.attempt()}, {"node", node}, {"reason", end.reason}});
  return absl::OkStatus();
}

// Runs that nobody here follows: an earlier gateway's. Their node has them still, or they are lost.
absl::Status Dispatcher::AdoptOrLose(const std::vector<CurrentRun>& current) {
  for (const CurrentRun& run : current) {
    if (run.cancelling || followers_.contains(FollowerKey(run.key))) continue;
    // Whoever follows rank 0 asks for the others.
    if (run.key.rank() != 0) continue;
    const auto node = nodes_.Find(run.node);
    if (!node || !node->alive) continue;
    if (node->Has(run.key)) {
      auto lease = runs_.leases.Reload(run.key);
      if (absl::IsAborted(lease.status())) continue;
      RETURN_IF_ERROR(PassOverDamaged(JobIdOf(run.key), lease.status()));
      if (!lease.ok()) continue;
      Follow(*std::move(lease), /*adopted=*/true);
    } else if (absl::Now() - absl::FromUnixMicros(run.start_us) > kListedWithin) {
      const absl::Status given = runs_.records.GiveBack(
          run.key, {.reason = absl::StrCat("node ", run.node, " no longer has it")});
      if (!absl::IsAborted(given)) RETURN_IF_ERROR(PassOverDamaged(JobIdOf(run.key), given));
    }
  }
  return absl::OkStatus();
}

// Runs that a node has and nobody wants: superseded, cancelled, forgotten.
void Dispatcher::StopStrays(const std::vector<CurrentRun>& current) {
  for (const KnownNode& node : nodes_.Nodes()) {
    if (!node.alive) continue;
    for (const v1::RunKey& has : node.status.runs()) {
      const bool wanted = std::any_of(current.begin(), current.end(), [&](const CurrentRun& run) {
        return !run.cancelling && SameRun(run.key, has);
      });
      if (wanted || followers_.contains(FollowerKey(has))) continue;
      (void)NodeClient::Open(node.status.kind(), node.address)
          ->Stop(has, v1::STOP_MODE_ABANDON, "nobody waits for it");
    }
  }
}

absl::Status Dispatcher::GiveUpStalled() {
  const RunEnd end = {
      .state = v1::ATTEMPT_STATE_FAILED,
      .reason = absl::StrCat("no progress for ", absl::FormatDuration(settings_.stall))};
  for (const auto& [key, follower] : followers_) {
    if (absl::Now() - follower->heard() < settings_.stall) continue;
    RETURN_IF_ERROR(Lose(follower->key(), follower->node(), end));
  }
  return absl::OkStatus();
}

absl::Status Dispatcher::Schedule(const std::vector<CurrentRun>& current) {
  // No run can begin without a ticket: one would only use up attempts.
  if (!registry_.Ready().ok()) return absl::OkStatus();
  // Nor anywhere, while all nodes are busy: the queue, however long, need not be looked at.
  // But by those who need not wait until one is free.
  const std::vector<KnownNode> nodes = nodes_.Nodes();
  const PreemptionPolicy preemption;
  if (std::none_of(nodes.begin(), nodes.end(), TakesWork)) {
    ASSIGN_OR_RETURN(const bool urgent, runs_.queue.AnyWaiting(preemption.urgent));
    if (!urgent && !IsOneToBeTold(current, preemption)) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(ClusterSnapshot snapshot, TakeSnapshot(runs_.queue, runs_.leases, nodes_));
  for (RunningWork& run : snapshot.runs) {
    const auto follower = std::find_if(followers_.begin(), followers_.end(), [&](const auto& each) {
      return JobIdOf(each.second->key()) == run.job && each.second->key().chunk() == run.chunk;
    });
    if (follower != followers_.end() && follower->second->preempted()) run.stopping = true;
  }
  std::erase_if(snapshot.waiting,
                [this](const WaitingWork& work) { return damaged_.contains(work.job); });
  const absl::Time began = absl::Now();
  const Decisions decisions = Decide(snapshot, Policy{});
  decide_seconds_.Observe(absl::ToDoubleSeconds(absl::Now() - began));
  for (const Placement& placement : decisions.placements) {
    RETURN_IF_ERROR(Begin(placement, snapshot));
  }
  Preempt(DecidePreemptions(snapshot, decisions.placements, preemption));
  return absl::OkStatus();
}

bool Dispatcher::IsOneToBeTold(const std::vector<CurrentRun>& current,
                               const PreemptionPolicy& policy) {
  return std::any_of(current.begin(), current.end(), [&](const CurrentRun& urgent) {
    if (urgent.cancelling || urgent.priority < policy.urgent) return false;
    const auto node = nodes_.Find(urgent.node);
    if (!node || !node->alive || node->status.pack() <= 1) return false;
    return std::any_of(current.begin(), current.end(), [&](const CurrentRun& run) {
      if (run.node != urgent.node || run.cancelling || run.priority > policy.yielding) return false;
      const auto follower = followers_.find(FollowerKey(run.key));
      return follower != followers_.end() && !follower->second->preempted();
    });
  });
}

void Dispatcher::Preempt(const std::vector<Preemption>& preemptions) {
  for (const Preemption& each : preemptions) {
    for (const auto& [key, follower] : followers_) {
      if (JobIdOf(follower->key()) != each.job || follower->key().chunk() != each.chunk) continue;
      if (!follower->Preempt(absl::StrCat("pre-empted by jobs/", each.urgent))) continue;
      LogInfo("preempting a run for an urgent job",
              {{"job", follower->key().job()}, {"node", each.node}, {"to", each.urgent}});
    }
  }
}

absl::Status Dispatcher::Begin(const Placement& placement, const ClusterSnapshot& now) {
  const auto work =
      std::find_if(now.waiting.begin(), now.waiting.end(),
                   [&](const WaitingWork& waiting) { return waiting.job == placement.job; });
  const int64_t items = InFullBatches(
      pace_.ItemsFor(work->model, work->precision, work->item_work, settings_.chunk), work->places);
  auto lease = runs_.leases.Lease(
      placement.job, placement.nodes, settings_.lease,
      {.most_items = items, .precision = work->precision, .batch_places = work->places});
  // Cancelled in the meantime.
  if (absl::IsFailedPrecondition(lease.status()) || absl::IsNotFound(lease.status())) {
    return absl::OkStatus();
  }
  if (!lease.ok()) return PassOverDamaged(placement.job, lease.status());
  LogInfo("leased a run", {{"job", lease->key.job()},
                           {"chunk", lease->key.chunk()},
                           {"attempt", lease->key.attempt()},
                           {"node", absl::StrJoin(lease->nodes, ",")},
                           {"trace", lease->trace_id}});
  metrics_
      .Counter("imprint_job_attempts_total", "Attempts that were given to nodes.",
               {{"kind", lease->job.has_training() ? "training" : "sampling"}})
      .Increment();
  Follow(*std::move(lease), /*adopted=*/false);
  return absl::OkStatus();
}

// Unless one of its nodes was never heard of: then its lease ends.
void Dispatcher::Follow(RunLease lease, bool adopted) {
  std::vector<RunNode> nodes;
  for (const std::string& name : lease.nodes) {
    const auto node = nodes_.Find(name);
    if (!node) return;
    nodes.push_back({name, node->address, node->status.kind()});
  }
  if (adopted) {
    LogInfo("adopting a run", {{"job", lease.key.job()},
                               {"attempt", lease.key.attempt()},
                               {"node", absl::StrJoin(lease.nodes, ",")}});
  }
  const std::string key = FollowerKey(lease.key);
  followers_[key] = std::make_unique<RunFollower>(
      std::move(lease), std::move(nodes), adopted, settings_.registry_address, runs_.leases,
      runs_.records, nodes_, registry_, obstacles_, pace_, plans_, [this] { Wake(); });
}

// One damaged record must not stop all the others: it is said once, and from then on the job is as
// if it were not there.
absl::Status Dispatcher::PassOverDamaged(const std::string& job, const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  if (damaged_.insert(job).second) {
    LogError("a job's record is damaged; the job is skipped",
             {{"job", job}, {"error", status.message()}});
  }
  return absl::OkStatus();
}

}  // namespace imprint::gateway
