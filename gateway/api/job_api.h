// Implements JobService: parse, resolve, act, answer.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include <imprint/v1/job.grpc.pb.h>

#include "gateway/api/admission_rules.h"
#include "gateway/api/job_caps.h"
#include "gateway/jobs/event_bell.h"
#include "gateway/jobs/job_store.h"
#include "gateway/jobs/leases.h"
#include "gateway/jobs/obstacles.h"
#include "gateway/jobs/work_queue.h"
#include "gateway/peers/node_table.h"
#include "gateway/peers/registry_client.h"
#include "gateway/scheduler/drawing_pace.h"
#include "services/server/turnstile.h"
#include "text/policy/prompt_policy.h"

namespace imprint::gateway {

// The most concurrent WatchJob calls: each holds a thread.
inline constexpr int kMaxWatchers = 256;

// Thread-safe.
class JobApi : public v1::JobService::Service {
 public:
  // `policy` may be null. `changed` is called when there may be something to schedule or to finish.
  JobApi(JobStore& jobs, WorkQueue& queue, Leases& leases, EventBell& bell, NodeTable& nodes,
         RegistryClient& registry, const Obstacles& obstacles, const DrawingPace& pace,
         const JobCaps& caps, const PromptPolicy* policy, sets::ExpansionCache& plans,
         std::function<void()> changed, Metrics& metrics)
      : jobs_(jobs),
        queue_(queue),
        leases_(leases),
        bell_(bell),
        nodes_(nodes),
        registry_(registry),
        obstacles_(obstacles),
        pace_(pace),
        caps_(caps),
        policy_(policy),
        plans_(plans),
        changed_(std::move(changed)),
        watchers_("watchers", kMaxWatchers, kMaxWatchers / 2) {
    watchers_.Show(metrics);
  }

  // Lets WatchJob calls end.
  void Drain() { draining_ = true; }

  grpc::Status CreateTrainingJob(grpc::ServerContext* context,
                                 const v1::CreateTrainingJobRequest* request,
                                 v1::Job* response) override;
  grpc::Status CreateImageSetJob(grpc::ServerContext* context,
                                 const v1::CreateImageSetJobRequest* request,
                                 v1::Job* response) override;
  grpc::Status CheckPlan(grpc::ServerContext* context, const v1::CheckPlanRequest* request,
                         v1::CheckPlanResponse* response) override;
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                      v1::Job* response) override;
  grpc::Status ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override;
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::JobEvent>* writer) override;
  grpc::Status CancelJob(grpc::ServerContext* context, const v1::CancelJobRequest* request,
                         v1::Job* response) override;
  grpc::Status RetryJob(grpc::ServerContext* context, const v1::RetryJobRequest* request,
                        v1::Job* response) override;
  grpc::Status DeleteJob(grpc::ServerContext* context, const v1::DeleteJobRequest* request,
                         google::protobuf::Empty* response) override;
  grpc::Status UpdateJob(grpc::ServerContext* context, const v1::UpdateJobRequest* request,
                         v1::Job* response) override;
  grpc::Status ExplainJob(grpc::ServerContext* context, const v1::ExplainJobRequest* request,
                          v1::ExplainJobResponse* response) override;
  grpc::Status ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest* request,
                         v1::ListNodesResponse* response) override;

 private:
  // Checks the lengths of what a caller sent before it is copied; see CheckLengths.
  template <typename Request>
  absl::StatusOr<v1::Job> CreateAsSent(const grpc::ServerContext& context, const Request& request);
  template <typename Request>
  absl::StatusOr<v1::Job> Create(const grpc::ServerContext& context, const Request& request,
                                 const std::string& payload_sha256,
                                 const std::string& retry_of = "");
  // Returns the job that an earlier call with this request id made; nothing if there is none.
  absl::StatusOr<std::optional<v1::Job>> Earlier(const std::string& request_id,
                                                 const std::string& payload_sha256);
  AdmissionRules RulesFor(const grpc::ServerContext& context) const;
  absl::StatusOr<v1::CheckPlanResponse> Check(const grpc::ServerContext& context,
                                              const v1::ImageSetSpec& spec);
  absl::StatusOr<v1::Job> Retry(const grpc::ServerContext& context,
                                const v1::RetryJobRequest& request);
  absl::StatusOr<v1::Job> Update(const v1::UpdateJobRequest& request);
  absl::Status Watch(grpc::ServerContext& context, const v1::WatchJobRequest& request,
                     grpc::ServerWriter<v1::JobEvent>& writer);

  JobStore& jobs_;
  WorkQueue& queue_;
  Leases& leases_;
  EventBell& bell_;
  NodeTable& nodes_;
  RegistryClient& registry_;
  const Obstacles& obstacles_;
  const DrawingPace& pace_;
  const JobCaps caps_;
  const PromptPolicy* const policy_;
  sets::ExpansionCache& plans_;
  std::function<void()> changed_;
  std::atomic<bool> draining_ = false;
  Turnstile watchers_;
};

}  // namespace imprint::gateway
