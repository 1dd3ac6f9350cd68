// imprint-trainer: a node agent. It computes nothing itself; its children do, and it outlives them.
#pragma once

#include <filesystem>
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
#include "services/server/model_roots.h"
#include "services/server/service.h"
#include "services/trainer/rank_pool.h"
#include "services/trainer/trainer_endpoint.h"
#include "services/trainer/training_runner.h"

namespace imprint::trainer {

struct TrainerFlags {
  // The node's name; empty means the address that it listens on.
  std::string node;
  int slots = 1;
  // The number of trainings that may share a process.
  int pack = 1;
  // Empty means the imprint-rank beside this program.
  std::string rank_binary;
  // What each training computes with. 0 threads means the processors, shared among the slots.
  ComputeOptions compute;
  std::optional<FieldFlags<ComputeOptions>> compute_flags;
  int orphan_seconds = 60;
  GangOptions gang;
  // Without any, models are read from wherever the gateway says.
  ModelRoots models;
  // Empty means a new folder in $TMPDIR.
  std::string work_folder;
};

class TrainerNode : public Service {
 public:
  void AddFlags(CLI::App& app) override;
  // Returns INVALID_ARGUMENT naming the flag.
  absl::Status Open(Metrics& metrics) override;
  // Larger than usual because embeddings and checkpoints come with the work.
  int MaxRequestBytes() const override { return kMaxMessageBytes; }
  std::vector<grpc::Service*> Endpoints() override;
  absl::Status Serving(const std::string& address) override;
  // Stops every run with a checkpoint, and attached readers learn of it.
  void Drain(absl::Time deadline) override;
  void Close() override;

 private:
  void Measure(v1::NodeStatus& status) const;
  // Returns the children's arguments apart from their socket: what to compute with, and our log
  // format and level.
  std::vector<std::string> RankArguments() const;

  CLI::App* app_ = nullptr;
  TrainerFlags flags_;
  engine::DeviceFacts device_;
  std::filesystem::path work_folder_;
  std::unique_ptr<TrainerMetrics> metrics_;
  std::unique_ptr<node::RunTable> runs_;
  std::unique_ptr<node::NodeBoard> board_;
  std::unique_ptr<node::NodeEndpoint> node_endpoint_;
  std::unique_ptr<RankPool> pool_;
  std::unique_ptr<TrainingRunner> runner_;
  std::unique_ptr<TrainerEndpoint> endpoint_;
  std::unique_ptr<node::Periodic> tidying_;
};

}  // namespace imprint::trainer
