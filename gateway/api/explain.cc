#include "gateway/api/explain.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include <google/protobuf/util/time_util.h>

#include "gateway/jobs/job_id.h"
#include "gateway/jobs/job_state.h"

namespace imprint::gateway {
namespace {

constexpr size_t kMostHolders = 10;

std::string Plural(int64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

// What a node must have to take the job.
struct Needs {
  std::string precision;  // empty if any will do
  int places = 0;         // of its batches; 0 if any will do
};

// Returns what the job needs, or would if it began now.
Needs NeedsOf(const v1::Job& job, const ClusterSnapshot& now) {
  // Jobs from before there was a choice have none, and run in fp32, which all nodes have.
  Needs needs = {
      .precision = job.has_training() ? job.training().precision() : job.image_set().precision(),
      .places = job.image_set().batch_places()};
  const std::string id = JobIdOf(job);
  const auto waiting = std::find_if(now.waiting.begin(), now.waiting.end(),
                                    [&](const WaitingWork& work) { return work.job == id; });
  const bool waits = waiting != now.waiting.end();
  if (needs.precision == "auto") needs.precision = waits ? waiting->precision : "";
  if (needs.places == 0 && waits) needs.places = waiting->places;
  return needs;
}

WorkKind KindOf(const v1::Job& job) {
  return job.has_training() ? WorkKind::kTraining : WorkKind::kSampling;
}

bool MayTake(const FreeNode& node, const Needs& needs) {
  return MayTake(node, needs.precision, needs.places);
}

int SlotsNeeded(const v1::Job& job) {
  if (!job.has_training()) return 1;
  return job.training().min_ranks() > 0 ? job.training().min_ranks() : job.training().ranks();
}

// Returns the slots that one chunk could have if all nodes that may take it were idle; they must be
// on one kind of device.
int SlotsInAll(const Needs& needs, const ClusterSnapshot& now, WorkKind kind) {
  std::map<std::string, int> slots;
  int most = 0;
  for (const FreeNode& node : now.nodes) {
    if (node.kind != kind || !MayTake(node, needs)) continue;
    int& on_device = slots[node.device];
    on_device += std::min(std::max(node.slots, node.free_slots), node.slots_of_a_gang);
    most = std::max(most, on_device);
  }
  return most;
}

// ", held by jobs/a on sampler-0 and jobs/b on sampler-1".
std::string HeldBy(const v1::ExplainJobResponse& facts) {
  constexpr int kNamed = 3;
  std::vector<std::string> holders;
  for (int i = 0; i < std::min(facts.holders_size(), kNamed); ++i) {
    const v1::SlotHolder& holder = facts.holders(i);
    holders.push_back(absl::StrCat(holder.job(), " on ", holder.node(),
                                   holder.stopping() ? " (giving way)" : ""));
  }
  if (holders.empty()) return "";
  if (facts.holders_size() > kNamed) holders.emplace_back("others");
  const std::string last = std::move(holders.back());
  holders.pop_back();
  if (holders.empty()) return absl::StrCat(", held by ", last);
  return absl::StrCat(", held by ", absl::StrJoin(holders, ", "), " and ", last);
}

// ", 2 kept free for urgent trainings".
std::string KeptFree(const v1::Job& job, const Needs& needs, const ClusterSnapshot& now,
                     const Policy& policy) {
  int kept = 0;
  for (const FreeNode& node : now.nodes) {
    if (node.kind != KindOf(job) || !MayTake(node, needs)) continue;
    if (IsKeptFree(node.trainings, job.priority(), policy)) kept += node.free_slots;
  }
  return kept == 0 ? "" : absl::StrCat(", ", kept, " kept free for urgent trainings");
}

// Returns what keeps every node from taking the job, whatever else they do; empty if nothing does.
std::string NobodyTakesIt(const v1::Job& job, const Needs& needs, const ClusterSnapshot& now) {
  const WorkKind kind = KindOf(job);
  const absl::string_view node = job.has_training() ? "trainer" : "sampler";
  const auto any = [&](auto&& suits) {
    return std::any_of(now.nodes.begin(), now.nodes.end(),
                       [&](const FreeNode& each) { return each.kind == kind && suits(each); });
  };
  std::string missing;
  if (!any([](const FreeNode&) { return true; })) {
    missing = "that takes work";
  } else if (!any([&](const FreeNode& each) { return MayTake(each, {needs.precision}); })) {
    missing = absl::StrCat("that computes in ", needs.precision);
  } else if (!any([&](const FreeNode& each) { return MayTake(each, needs); })) {
    missing = absl::StrCat("whose batches have ", needs.places, " places, as this set's have");
  } else {
    return "";
  }
  return absl::StrCat("no ", node, " is up ", missing, "; imprint nodes shows them");
}

std::string WaitingSentence(const v1::Job& job, const Needs& needs, const ClusterSnapshot& now,
                            const Policy& policy, const v1::ExplainJobResponse& facts) {
  const bool training = job.has_training();
  const absl::string_view slot = training ? "rank" : "sampler slot";
  const absl::string_view node = training ? "trainer" : "sampler";
  if (const std::string nobody = NobodyTakesIt(job, needs, now); !nobody.empty()) {
    return absl::StrCat("waiting: ", nobody);
  }
  if (const int all = SlotsInAll(needs, now, KindOf(job)); all < facts.slots_needed()) {
    return absl::StrCat("waiting: needs ", Plural(facts.slots_needed(), slot), ", and the ", node,
                        "s that are up have ", all, "; with fewer --min-ranks it would begin");
  }
  if (facts.jobs_ahead() < 0) {
    return now.cut_off ? absl::StrCat("waiting: more than ", now.waiting.size(), " jobs ahead")
                       : "waiting: tried again in a moment";
  }
  return absl::StrCat("waiting: needs ", Plural(facts.slots_needed(), absl::StrCat("free ", slot)),
                      ", ", facts.slots_free(), " free", KeptFree(job, needs, now, policy),
                      HeldBy(facts), "; ", Plural(facts.jobs_ahead(), "job"), " ahead");
}

// Adds who has slots of the kind that the job waits for.
void AddHolders(const v1::Job& job, const ClusterSnapshot& now, WorkKind kind,
                v1::ExplainJobResponse& response) {
  std::vector<const RunningWork*> runs;
  for (const RunningWork& run : now.runs) {
    if (run.kind == kind && absl::StrCat("jobs/", run.job) != job.name()) runs.push_back(&run);
  }
  std::sort(runs.begin(), runs.end(), [](const RunningWork* a, const RunningWork* b) {
    return std::tie(a->began_us, a->job, a->chunk) < std::tie(b->began_us, b->job, b->chunk);
  });
  if (runs.size() > kMostHolders) runs.resize(kMostHolders);
  for (const RunningWork* run : runs) {
    v1::SlotHolder& holder = *response.add_holders();
    holder.set_node(run->node);
    holder.set_job(absl::StrCat("jobs/", run->job));
    holder.set_priority(static_cast<v1::JobPriority>(run->priority));
    *holder.mutable_start_time() =
        google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(run->began_us);
    holder.set_stopping(run->stopping);
  }
}

// Returns whether a node has a chunk of the job.
bool HasRun(const v1::Job& job, const ClusterSnapshot& now) {
  return std::any_of(now.runs.begin(), now.runs.end(),
                     [&](const RunningWork& run) { return run.job == JobIdOf(job); });
}

std::string RunningSentence(const v1::Job& job) {
  if (job.has_training()) {
    if (!job.has_progress()) return "running: loading the base model and the pictures";
    const v1::TrainingProgress& progress = job.progress();
    const double left =
        static_cast<double>(progress.steps() - progress.step()) * progress.seconds_per_step();
    return absl::StrFormat("running: step %d of %d, loss %.4f, about %.0f s left", progress.step(),
                           progress.steps(), progress.smoothed_loss(), left);
  }
  return absl::StrCat("running: ", job.items_done(), " of ", job.items_total(), " pictures");
}

}  // namespace

v1::ExplainJobResponse Explain(const v1::Job& job, const ClusterSnapshot& now, const Policy& policy,
                               const std::string& obstacle) {
  v1::ExplainJobResponse response;
  response.set_state(job.state());
  *response.mutable_warnings() = job.warnings();
  const std::string id = JobIdOf(job);
  const WorkKind kind = KindOf(job);
  const Needs needs = NeedsOf(job, now);
  for (const FreeNode& node : now.nodes) {
    if (node.kind != kind || !MayTake(node, needs) ||
        IsKeptFree(node.trainings, job.priority(), policy)) {
      continue;
    }
    response.set_slots_free(response.slots_free() + node.free_slots);
  }
  switch (job.state()) {
    case v1::JOB_STATE_PENDING:
      response.set_slots_needed(SlotsNeeded(job));
      response.set_jobs_ahead(JobsAhead(now, policy, id));
      AddHolders(job, now, kind, response);
      response.set_summary(obstacle.empty() ? WaitingSentence(job, needs, now, policy, response)
                                            : absl::StrCat("waiting: ", obstacle));
      // The sentence needed to know that it was negative, for a job that is not among those looked
      // at.
      response.set_jobs_ahead(std::max<int64_t>(response.jobs_ahead(), 0));
      break;
    case v1::JOB_STATE_RUNNING: {
      std::string but = obstacle;
      if (but.empty() && !HasRun(job, now)) but = NobodyTakesIt(job, needs, now);
      response.set_summary(
          absl::StrCat(RunningSentence(job), but.empty() ? "" : absl::StrCat("; but ", but)));
      break;
    }
    case v1::JOB_STATE_FINALIZING:
      response.set_summary(obstacle.empty()
                               ? "finalizing: computed; the registry takes the result over"
                               : absl::StrCat("finalizing: computed, but not in the registry yet: ",
                                              obstacle, "; tried again every second"));
      break;
    case v1::JOB_STATE_CANCELLING:
      response.set_summary(
          obstacle.empty() ? "cancelling: its runs are being stopped"
                           : absl::StrCat("cancelling: ", obstacle, "; tried again every second"));
      break;
    case v1::JOB_STATE_SUCCEEDED:
      response.set_summary(absl::StrCat("succeeded: ", job.result()));
      break;
    case v1::JOB_STATE_FAILED:
      response.set_summary(absl::StrCat("failed: ", job.failure().message()));
      break;
    default:
      response.set_summary(obstacle.empty() ? "cancelled" : absl::StrCat("cancelled: ", obstacle));
      break;
  }
  return response;
}

}  // namespace imprint::gateway
