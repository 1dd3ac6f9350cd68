// The process's metrics, scraped by Prometheus. Names are imprint_*, in base units; there is never
// a label per job.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace imprint {

class MetricsEndpoint;

// Thread-safe. The metrics that it returns live as long as it does. The same name and labels give
// the same metric.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  prometheus::Counter& Counter(const std::string& name, const std::string& help,
                               const prometheus::Labels& labels = {});
  prometheus::Gauge& Gauge(const std::string& name, const std::string& help,
                           const prometheus::Labels& labels = {});
  // Returns a histogram of seconds, with buckets from 1 ms to some minutes.
  prometheus::Histogram& Seconds(const std::string& name, const std::string& help,
                                 const prometheus::Labels& labels = {});

  // Calls `measure` before every scrape, from one thread at a time: for values that are measured on
  // demand. What it uses must outlive the last scrape.
  void BeforeScrape(std::function<void()> measure);

  // Serves /metrics at "host:port" (port 0: any). Returns the address that was bound.
  absl::StatusOr<std::string> Expose(const std::string& address);
  // Stops serving; from then on no scrape calls the functions given to BeforeScrape.
  void Hide();

  // Returns what a scrape reads, in Prometheus' text format 0.0.4.
  std::string Text();

 private:
  prometheus::Registry registry_;
  absl::Mutex measuring_;
  std::vector<std::function<void()>> measures_ ABSL_GUARDED_BY(measuring_);
  std::unique_ptr<MetricsEndpoint> endpoint_;
};

}  // namespace imprint
