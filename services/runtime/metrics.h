// The process's metrics, scraped by Prometheus. Names are imprint_*, in base units; never a label
// per job.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace prometheus {
class Exposer;
}  // namespace prometheus

namespace imprint {

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

  // Serves /metrics at "host:port" (port 0: any). Gives the address that was bound.
  absl::StatusOr<std::string> Expose(const std::string& address);

  // The text that a scrape would get, for tests.
  std::string Text() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace imprint
