// imprint-sampler: draws chunks of image sets with one engine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/devices/device_facts.h"
#include "orders/compute_options.h"
#include "orders/flags/field_flags.h"
#include "services/node/node_board.h"
#include "services/node/node_endpoint.h"
#include "services/node/periodic.h"
#include "services/node/run_table.h"
#include "services/sampler/picture_uploader.h"
#include "services/sampler/sampler_endpoint.h"
#include "services/sampler/sampler_metrics.h"
#include "services/sampler/sampling_engine.h"
#include "services/server/model_roots.h"
#include "services/server/service.h"
#include "text/policy/prompt_policy.h"

namespace imprint::sampler {

struct SamplerFlags {
  // The node's name; empty means the address that it listens on.
  std::string node;
  int slots = 2;
  // 0 means what is measured on `batch_model`.
  int batch = 4;
  std::string batch_model;
  ComputeOptions compute;
  std::optional<FieldFlags<ComputeOptions>> compute_flags;
  int models = 1;
  int orphan_seconds = 60;
  bool no_safety_check = false;
  std::string prompt_policy;
  // Without any, models are read from wherever the gateway says.
  ModelRoots model_roots;
};

class SamplerNode : public Service {
 public:
  void AddFlags(CLI::App& app) override;
  // Returns INVALID_ARGUMENT naming the flag.
  absl::Status Open(Metrics& metrics) override;
  // Larger than usual because embeddings come with the work.
  int MaxRequestBytes() const override { return kMaxMessageBytes; }
  std::vector<grpc::Service*> Endpoints() override;
  absl::Status Serving(const std::string& address) override;
  // Stops every run between two steps. Pictures that are uploaded stay, and attached readers learn
  // of the stop.
  void Drain(absl::Time deadline) override;
  void Close() override;

 private:
  // Chooses the batch, which takes a while if it is to be measured.
  absl::Status ChooseBatch(const engine::RecordGraph& record);
  void Measure(v1::NodeStatus& status) const;

  SamplerFlags flags_;
  engine::DeviceFacts device_;
  int batch_ = 0;
  // The most that a set may ask for: one that was begun in another batch than this start's choice
  // is not turned away.
  int largest_batch_ = 0;
  std::optional<PromptPolicy> policy_;
  std::unique_ptr<SamplerMetrics> metrics_;
  std::unique_ptr<node::RunTable> runs_;
  std::unique_ptr<node::NodeBoard> board_;
  std::unique_ptr<node::NodeEndpoint> node_endpoint_;
  std::unique_ptr<PictureUploader> uploader_;
  std::unique_ptr<SamplingEngine> engine_;
  std::unique_ptr<SamplerEndpoint> endpoint_;
  std::unique_ptr<node::Periodic> tidying_;
};

}  // namespace imprint::sampler
