// One training on this node, from the order to its last event: a child computes it, and whatever
// becomes of the child, the run ends with a reason.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <imprint/v1/trainer.pb.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include "services/runs/run.h"
#include "services/runtime/metrics.h"
#include "services/trainer/rank_pool.h"

namespace imprint {

// What a trainer node counts.
class TrainerMetrics {
 public:
  explicit TrainerMetrics(Metrics& metrics);

  prometheus::Counter& steps;
  prometheus::Histogram& step_seconds;
  prometheus::Counter& model_loads;
  prometheus::Counter& succeeded;
  prometheus::Counter& failed;
  prometheus::Counter& stopped;
  prometheus::Counter& rank_crashes;
};

// Thread-safe.
class TrainingRunner {
 public:
  // All must outlive it. `max_rank_bytes`: a child that uses more is ended; 0 is no limit.
  TrainingRunner(RankPool& pool, TrainerMetrics& metrics, ChangeSignal& node,
                 int64_t max_rank_bytes)
      : pool_(pool), metrics_(metrics), node_(node), max_rank_bytes_(max_rank_bytes) {}

  // Returns when the run has ended.
  void Compute(Run& run, const v1::StartTrainingRequest& request);

 private:
  class Attempt;

  RankPool& pool_;
  TrainerMetrics& metrics_;
  ChangeSignal& node_;
  const int64_t max_rank_bytes_;
};

}  // namespace imprint
