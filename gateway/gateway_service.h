// The gateway as a process: what is opened, in which order, and how it stops.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/api/job_caps.h"
#include "services/server/service.h"
#include "text/policy/prompt_policy.h"

namespace imprint::gateway {

class GatewayService : public Service {
 public:
  GatewayService();
  ~GatewayService() override;

  void AddFlags(CLI::App& app) override;
  absl::Status Open(Metrics& metrics) override;
  std::vector<grpc::Service*> Endpoints() override;
  absl::Status CanServe() override;
  void Drain(absl::Time deadline) override;
  void Close() override;

 private:
  struct Flags {
    std::string data;
    std::string registry;
    std::string registry_for_nodes;
    std::vector<std::string> trainers;
    std::vector<std::string> samplers;
    int lease_seconds = 10;
    int node_timeout_seconds = 5;
    int stall_seconds = 600;
    int chunk_seconds = 20;
    int64_t max_live_jobs = 100'000;
    int64_t max_live_jobs_per_tenant = 10'000;
    int keep_ended_days = 90;
    JobCaps caps;
    std::string prompt_policy;
  };
  struct Parts;

  absl::Status CheckFlags() const;
  void BeginWork(Metrics& metrics);

  Flags flags_;
  std::optional<PromptPolicy> policy_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace imprint::gateway
