#include "gateway/api/job_api.h"

#include <atomic>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include <google/protobuf/util/time_util.h>

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "gateway/api/admission.h"
#include "gateway/api/caller.h"
#include "gateway/api/explain.h"
#include "gateway/api/job_filter.h"
#include "gateway/api/set_admission.h"
#include "gateway/api/spec_parser.h"
#include "gateway/jobs/job_state.h"
#include "gateway/peers/node_abilities.h"
#include "gateway/scheduler/take_snapshot.h"
#include "rpc/page.h"
#include "services/server/call.h"
#include "services/server/list_call.h"
#include "services/server/patience.h"
#include "sets/coverage.h"
#include "sets/wire/plan_check_wire.h"
#include "sets/wire/planned_items.h"

namespace imprint::gateway {
namespace {

using google::protobuf::util::TimeUtil;

constexpr int kEventsAtOnce = 200;
// A watch that has nothing to send learns only by looking that its caller has gone.
constexpr absl::Duration kLookForCaller = absl::Milliseconds(500);
constexpr size_t kMaxReasonBytes = 500;

}  // namespace

template <typename Request>
absl::StatusOr<v1::Job> JobApi::CreateAsSent(const grpc::ServerContext& context,
                                             const Request& request) {
  RETURN_IF_ERROR(CheckLengths(request.spec()));
  RETURN_IF_ERROR(CheckLabels(request.labels()));
  return Create(context, request, PayloadSha256(request));
}

template <typename Request>
absl::StatusOr<v1::Job> JobApi::Create(const grpc::ServerContext& context, const Request& request,
                                       const std::string& payload_sha256,
                                       const std::string& retry_of) {
  // Before admission: what an earlier call named may be gone or blocked by now, its job is not.
  ASSIGN_OR_RETURN(const auto earlier, Earlier(request.request_id(), payload_sha256));
  if (earlier) return *earlier;
  RegistryClient registry = registry_.For(context);
  ASSIGN_OR_RETURN(NewJob created, Admit(request, registry, RulesFor(context)));
  // Admission may take longer than the caller waits, and nobody would know of the job.
  if (context.IsCancelled()) return absl::CancelledError("the caller has gone");
  created.payload_sha256 = payload_sha256;
  created.job.set_retry_of(retry_of);
  created.trace_id = TraceId(context);
  ASSIGN_OR_RETURN(v1::Job job, jobs_.Create(kTenant, std::move(created)));
  changed_();
  return job;
}

AdmissionRules JobApi::RulesFor(const grpc::ServerContext& context) const {
  return {.caps = caps_, .plans = plans_, .policy = policy_, .is_gone = [&context] {
            return context.IsCancelled();
          }};
}

absl::StatusOr<std::optional<v1::Job>> JobApi::Earlier(const std::string& request_id,
                                                       const std::string& payload_sha256) {
  RETURN_IF_ERROR(CheckRequestId(request_id));
  if (request_id.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string id, jobs_.FindRequest(kTenant, request_id, payload_sha256));
  if (id.empty()) return std::nullopt;
  return jobs_.Get(kTenant, id);
}

grpc::Status JobApi::CreateTrainingJob(grpc::ServerContext* context,
                                       const v1::CreateTrainingJobRequest* request,
                                       v1::Job* response) {
  return AnswerWith(*context, *response, [&] { return CreateAsSent(*context, *request); });
}

grpc::Status JobApi::CreateImageSetJob(grpc::ServerContext* context,
                                       const v1::CreateImageSetJobRequest* request,
                                       v1::Job* response) {
  return AnswerWith(*context, *response, [&] { return CreateAsSent(*context, *request); });
}

grpc::Status JobApi::CheckPlan(grpc::ServerContext* context, const v1::CheckPlanRequest* request,
                               v1::CheckPlanResponse* response) {
  return AnswerWith(*context, *response, [&] { return Check(*context, request->spec()); });
}

absl::StatusOr<v1::CheckPlanResponse> JobApi::Check(const grpc::ServerContext& context,
                                                    const v1::ImageSetSpec& spec) {
  if (spec.plan().empty()) return FieldError("spec.plan", "none", "a plan");
  RegistryClient registry = registry_.For(context);
  ASSIGN_OR_RETURN(AdmittedSet set, AdmitSet(spec, registry, RulesFor(context)));
  v1::CheckPlanResponse check;
  sets::FillCheck(set.spec, *set.plan, sets::CoverageOf(*set.plan), check);
  check.mutable_warnings()->Assign(set.warnings.begin(), set.warnings.end());
  const auto time =
      pace_.TimeFor(set.model.fingerprint(), set.spec.precision(), set.item_work, set.items);
  if (time) {
    *check.mutable_device_time() =
        TimeUtil::MillisecondsToDuration(absl::ToInt64Milliseconds(*time));
  }
  *check.mutable_spec() = std::move(set.spec);
  return check;
}

grpc::Status JobApi::GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                            v1::Job* response) {
  return AnswerWith(*context, *response, [&]() -> absl::StatusOr<v1::Job> {
    ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", request->name(), "jobs"));
    return jobs_.Get(kTenant, id);
  });
}

grpc::Status JobApi::ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                              v1::ListJobsResponse* response) {
  const auto read = [&](const Page& page,
                        std::string& next) -> absl::StatusOr<std::vector<v1::Job>> {
    ASSIGN_OR_RETURN(const JobFilter filter, ParseJobFilter(request->filter()));
    return jobs_.List(kTenant, filter, page, next);
  };
  return AnswerWithPage(*context, *request, absl::StrCat("jobs?", request->filter()), *response,
                        *response->mutable_jobs(), read);
}

grpc::Status JobApi::WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                              grpc::ServerWriter<v1::JobEvent>* writer) {
  return Answer(*context, [&] { return Watch(*context, *request, *writer); });
}

absl::Status JobApi::Watch(grpc::ServerContext& context, const v1::WatchJobRequest& request,
                           grpc::ServerWriter<v1::JobEvent>& writer) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", request.name(), "jobs"));
  if (request.from_event() < 0) {
    return FieldError("from_event", absl::StrCat(request.from_event()), "0 or more");
  }
  ASSIGN_OR_RETURN(const Turnstile::Pass pass, watchers_.Enter(PeerOf(context)));
  int64_t next = std::max<int64_t>(request.from_event(), 1);
  while (!context.IsCancelled()) {
    // Before the store is read: what is added after that has rung past this count, and Wait
    // returns.
    const uint64_t count = bell_.Count(request.name());
    // Also before the events are read: a job that is terminal now gets no more of them.
    ASSIGN_OR_RETURN(const v1::JobState state, jobs_.State(kTenant, id));
    ASSIGN_OR_RETURN(const auto events, jobs_.Events(id, next, kEventsAtOnce));
    for (const v1::JobEvent& event : events) {
      if (!WritePatiently(context, writer, event)) {
        return absl::CancelledError("the caller has gone");
      }
      next = event.number() + 1;
    }
    if (!events.empty()) continue;
    if (IsTerminal(state)) return absl::OkStatus();
    if (draining_)
      return absl::UnavailableError("this gateway stops; watch again from the next event");
    bell_.Wait(request.name(), count, kLookForCaller);
  }
  return absl::CancelledError("the caller has gone");
}

grpc::Status JobApi::CancelJob(grpc::ServerContext* context, const v1::CancelJobRequest* request,
                               v1::Job* response) {
  return AnswerWith(*context, *response, [&]() -> absl::StatusOr<v1::Job> {
    ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", request->name(), "jobs"));
    if (request->reason().size() > kMaxReasonBytes) {
      return FieldError("reason", absl::StrCat(request->reason().size(), " bytes"),
                        absl::StrCat("at most ", kMaxReasonBytes));
    }
    ASSIGN_OR_RETURN(v1::Job job, jobs_.Cancel(kTenant, id, request->reason()));
    changed_();
    return job;
  });
}

grpc::Status JobApi::RetryJob(grpc::ServerContext* context, const v1::RetryJobRequest* request,
                              v1::Job* response) {
  return AnswerWith(*context, *response, [&] { return Retry(*context, *request); });
}

absl::StatusOr<v1::Job> JobApi::Retry(const grpc::ServerContext& context,
                                      const v1::RetryJobRequest& request) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", request.name(), "jobs"));
  const std::string payload = Sha256Hex(absl::StrCat("retry of ", request.name()));
  // A repeat is answered even if the old job has been deleted since.
  ASSIGN_OR_RETURN(const auto earlier, Earlier(request.request_id(), payload));
  if (earlier) return *earlier;
  ASSIGN_OR_RETURN(const v1::Job old, jobs_.Get(kTenant, id));
  if (!IsTerminal(old.state())) {
    return absl::FailedPreconditionError(
        absl::StrCat("name: ", old.name(), " is ", Name(old.state()),
                     "; only a job that has ended can be retried"));
  }
  const auto again = [&](auto create) {
    create.set_request_id(request.request_id());
    create.set_priority(old.priority());
    create.set_max_attempts(old.max_attempts());
    *create.mutable_labels() = old.labels();
    if (old.has_timeouts()) *create.mutable_timeouts() = old.timeouts();
    return create;
  };
  if (old.has_training()) {
    v1::CreateTrainingJobRequest create = again(v1::CreateTrainingJobRequest());
    *create.mutable_spec() = old.training();
    return Create(context, create, payload, old.name());
  }
  v1::CreateImageSetJobRequest create = again(v1::CreateImageSetJobRequest());
  *create.mutable_spec() = old.image_set();
  create.mutable_spec()->clear_image_set();
  if (!old.image_set().plan().empty()) sets::LeaveToPlan(*create.mutable_spec());
  if (const std::string& extends = old.image_set().extends(); !extends.empty()) {
    // What it took over is drawn anew if the earlier set has been deleted since.
    const auto earlier = registry_.For(context).GetImageSet(extends);
    if (absl::IsNotFound(earlier.status())) create.mutable_spec()->clear_extends();
  }
  return Create(context, create, payload, old.name());
}

grpc::Status JobApi::DeleteJob(grpc::ServerContext* context, const v1::DeleteJobRequest* request,
                               google::protobuf::Empty*) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", request->name(), "jobs"));
    return jobs_.Delete(kTenant, id, request->etag());
  });
}

grpc::Status JobApi::UpdateJob(grpc::ServerContext* context, const v1::UpdateJobRequest* request,
                               v1::Job* response) {
  return AnswerWith(*context, *response, [&] { return Update(*request); });
}

absl::StatusOr<v1::Job> JobApi::Update(const v1::UpdateJobRequest& request) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("job.name", request.job().name(), "jobs"));
  JobStore::Update update;
  update.etag = request.job().etag();
  std::map<std::string, std::string> labels;
  if (request.update_mask().paths().empty()) {
    return FieldError("update_mask", "none", "labels, priority or both");
  }
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "labels") {
      RETURN_IF_ERROR(CheckLabels(request.job().labels()));
      labels = {request.job().labels().begin(), request.job().labels().end()};
      update.labels = &labels;
    } else if (path == "priority") {
      ASSIGN_OR_RETURN(update.priority, ParsePriority(request.job().priority()));
    } else {
      return FieldError("update_mask", Quoted(path), "labels or priority");
    }
  }
  return jobs_.Change(kTenant, id, update);
}

grpc::Status JobApi::ExplainJob(grpc::ServerContext* context, const v1::ExplainJobRequest* request,
                                v1::ExplainJobResponse* response) {
  return AnswerWith(*context, *response, [&]() -> absl::StatusOr<v1::ExplainJobResponse> {
    ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", request->name(), "jobs"));
    ASSIGN_OR_RETURN(const v1::Job job, jobs_.Get(kTenant, id));
    ASSIGN_OR_RETURN(const ClusterSnapshot now, TakeSnapshot(queue_, leases_, nodes_));
    std::string obstacle = obstacles_.Of(id);
    if (job.state() == v1::JOB_STATE_PENDING) {
      if (const absl::Status ready = registry_.Ready(); !ready.ok())
        obstacle = std::string(ready.message());
    }
    if (job.state() == v1::JOB_STATE_CANCELLED) {
      ASSIGN_OR_RETURN(obstacle, jobs_.CancelReason(id));
    }
    v1::ExplainJobResponse explained = Explain(job, now, Policy{}, obstacle);
    ASSIGN_OR_RETURN(const auto attempts, jobs_.Attempts(id));
    for (const std::string& line : attempts) explained.add_attempts(line);
    return explained;
  });
}

grpc::Status JobApi::ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest*,
                               v1::ListNodesResponse* response) {
  return Answer(*context, [&]() -> absl::Status {
    for (const KnownNode& node : nodes_.Nodes()) {
      v1::NodeSummary& summary = *response->add_nodes();
      summary.set_node(node.status.node());
      summary.set_kind(node.status.kind() == v1::NODE_KIND_SAMPLER ? "sampler" : "trainer");
      summary.set_alive(node.alive);
      summary.set_draining(node.status.draining());
      summary.set_slots(node.status.slots());
      summary.set_free_slots(node.alive ? node.status.free_slots() : 0);
      *summary.mutable_warm_models() = node.status.warm_models();
      for (const v1::RunKey& run : node.status.runs()) {
        summary.add_runs(absl::StrCat(run.job(), " attempt ", run.attempt()));
      }
      summary.set_address(node.address);
      summary.set_memory_bytes(node.status.memory_bytes());
      summary.set_batch(node.status.batch());
      summary.set_largest_batch(std::max(node.status.batch(), node.status.largest_batch()));
      for (const std::string& name : PrecisionsOf(node.status)) summary.add_precisions(name);
    }
    return absl::OkStatus();
  });
}

}  // namespace imprint::gateway
