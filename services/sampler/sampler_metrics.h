// The metrics of a sampler node.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "services/server/metrics.h"

namespace imprint::sampler {

struct SamplerMetrics {
  explicit SamplerMetrics(Metrics& metrics);

  // Seconds that a step of so many pictures took when the batch was measured.
  prometheus::Gauge& StepSeconds(int pictures);

  prometheus::Counter& images;
  prometheus::Counter& blocked;
  prometheus::Counter& redrawn;
  prometheus::Gauge& batch;
  prometheus::Gauge& batch_occupancy;
  prometheus::Counter& places;
  prometheus::Counter& places_taken;
  prometheus::Histogram& seconds;
  prometheus::Counter& graph_failures;
  prometheus::Counter& model_loads;
  prometheus::Gauge& queue_depth;
  prometheus::Counter& upload_retries;
  prometheus::Counter& succeeded;
  prometheus::Counter& failed;
  prometheus::Counter& stopped;

 private:
  Metrics& metrics_;
};

}  // namespace imprint::sampler
