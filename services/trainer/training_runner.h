// Runs one training on this node, from the order to its last event: a child computes it, and
// whatever becomes of the child, the run ends with a reason.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <imprint/v1/trainer.pb.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include "services/node/run.h"
#include "services/server/metrics.h"
#include "services/trainer/rank_pool.h"

namespace imprint::trainer {

// The metrics of a trainer node.
class TrainerMetrics {
 public:
  explicit TrainerMetrics(Metrics& metrics);

  prometheus::Counter& steps;
  prometheus::Histogram& step_seconds;
  prometheus::Counter& packed_samples;
  prometheus::Counter& graph_failures;
  prometheus::Counter& collective_seconds;
  prometheus::Counter& collective_bytes;
  prometheus::Counter& model_loads;
  prometheus::Counter& succeeded;
  prometheus::Counter& failed;
  prometheus::Counter& stopped;
  prometheus::Counter& rank_crashes;
};

// What a node knows better than the gateway about its ranks' places in gangs.
struct GangOptions {
  // The host at which others reach this node; empty means the one at which the gateway does.
  std::string host;
  // How long the others wait for a silent rank.
  int patience_seconds = 120;
  // Whether ranks compute on a GPU, where a child whose gang broke is not used again.
  bool on_gpu = false;
};

// Thread-safe.
class TrainingRunner {
 public:
  // All references must outlive it. A child that uses more than `max_rank_bytes` is ended; 0 means
  // no limit.
  TrainingRunner(RankPool& pool, TrainerMetrics& metrics, node::ChangeSignal& node,
                 int64_t max_rank_bytes, GangOptions gang = {})
      : pool_(pool),
        metrics_(metrics),
        node_(node),
        max_rank_bytes_(max_rank_bytes),
        gang_(std::move(gang)) {}

  // Returns when the run has ended.
  void Compute(node::Run& run, const v1::StartTrainingRequest& request);

 private:
  class Attempt;

  RankPool& pool_;
  TrainerMetrics& metrics_;
  node::ChangeSignal& node_;
  const int64_t max_rank_bytes_;
  const GangOptions gang_;
};

}  // namespace imprint::trainer
