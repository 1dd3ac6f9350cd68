// The process's metrics, scraped by Prometheus. Names are imprint_*, in base units; never a label
// per job.
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

// Thread-safe. What it gives lives as long as it does. The same name and labels give the same
// metric.
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
  // Buckets from 1 ms to some minutes, for seconds.
  prometheus::Histogram& Seconds(const std::string& name, const std::string& help,
                                 const prometheus::Labels& labels = {});

  // Calls `measure` before every scrape, by one thread at a time: for what is measured when
  // somebody wants to know. What it uses must outlive the last scrape.
  void BeforeScrape(std::function<void()> measure);

  // Serves /metrics at "host:port" (port 0: any). Gives the address that was bound.
  absl::StatusOr<std::string> Expose(const std::string& address);
  // Ends that; from then on nothing that BeforeScrape was given is called by it.
  void Hide();

  // What a scrape gets, in Prometheus' text format 0.0.4.
  std::string Text();

 private:
  prometheus::Registry registry_;
  absl::Mutex measuring_;
  std::vector<std::function<void()>> measures_ ABSL_GUARDED_BY(measuring_);
  std::unique_ptr<MetricsEndpoint> endpoint_;
};

}  // namespace imprint
