// Implements SamplerService: begins, streams and stops runs.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/sampler.grpc.pb.h>

#include "services/node/run_table.h"
#include "services/sampler/sampler_metrics.h"
#include "services/sampler/sampling_engine.h"
#include "services/server/model_roots.h"
#include "text/policy/prompt_policy.h"

namespace imprint::sampler {

class SamplerEndpoint : public v1::SamplerService::Service {
 public:
  // All arguments must outlive it. `policy` may be null.
  SamplerEndpoint(node::RunTable& runs, SamplingEngine& engine, const ModelRoots& models,
                  SamplerMetrics& metrics, const PromptPolicy* policy = nullptr)
      : runs_(runs), engine_(engine), models_(models), metrics_(metrics), policy_(policy) {}

  grpc::Status Start(grpc::ServerContext* context, const v1::StartSamplingRequest* request,
                     v1::StartSamplingResponse* response) override;
  grpc::Status Attach(grpc::ServerContext* context, const v1::AttachSamplingRequest* request,
                      grpc::ServerWriter<v1::RunEvent>* writer) override;
  grpc::Status Stop(grpc::ServerContext* context, const v1::StopSamplingRequest* request,
                    v1::StopSamplingResponse* response) override;

 private:
  absl::StatusOr<v1::StartSamplingResponse> Begin(const v1::StartSamplingRequest& request);

  node::RunTable& runs_;
  SamplingEngine& engine_;
  const ModelRoots& models_;
  SamplerMetrics& metrics_;
  const PromptPolicy* const policy_;
};

}  // namespace imprint::sampler
