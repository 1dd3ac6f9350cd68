#include "services/sampler/sampler_metrics.h"

#include <string>

namespace imprint::sampler {
namespace {

prometheus::Counter& RunsWith(Metrics& metrics, const std::string& result) {
  return metrics.Counter("imprint_runs_total", "Runs that ended on this node.",
                         {{"result", result}});
}

}  // namespace

SamplerMetrics::SamplerMetrics(Metrics& metrics)
    : images(metrics.Counter("imprint_sample_images_total",
                             "Pictures that were drawn, blocked ones included.")),
      blocked(metrics.Counter("imprint_safety_blocked_total",
                              "Pictures that the safety checker blocked.")),
      redrawn(metrics.Counter("imprint_safety_redrawn_total",
                              "Blocked pictures that were drawn again with another seed.")),
      batch(metrics.Gauge("imprint_sample_batch", "Pictures that are drawn at once.")),
      batch_occupancy(metrics.Gauge("imprint_sample_batch_occupancy",
                                    "Part of the batch's places that the newest step used.")),
      places(metrics.Counter("imprint_sample_places_total",
                             "Places that batches had, over all steps.")),
      places_taken(metrics.Counter("imprint_sample_places_taken_total",
                                   "Places in which a picture took a step.")),
      seconds(metrics.Seconds(
          "imprint_sample_seconds",
          "Seconds from a chunk's first picture to its last, over its pictures; in that "
          "time others may have been drawn, too.")),
      graph_failures(metrics.Counter("imprint_sample_graph_failures_total",
                                     "1 once a graph could not be recorded; the network is then "
                                     "evaluated without.")),
      model_loads(metrics.Counter("imprint_model_loads_total", "Base models read into memory.")),
      queue_depth(metrics.Gauge("imprint_sample_queue_depth", "Chunks that wait for the engine.")),
      upload_retries(metrics.Counter("imprint_sample_upload_retries_total",
                                     "Uploads that had to be tried again.")),
      succeeded(RunsWith(metrics, "succeeded")),
      failed(RunsWith(metrics, "failed")),
      stopped(RunsWith(metrics, "stopped")),
      metrics_(metrics) {}

prometheus::Gauge& SamplerMetrics::StepSeconds(int pictures) {
  return metrics_.Gauge("imprint_sample_measured_step_seconds",
                        "Seconds of a step when the batch was measured, by its pictures.",
                        {{"pictures", std::to_string(pictures)}});
}

}  // namespace imprint::sampler
