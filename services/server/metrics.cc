#include "services/server/metrics.h"

#include <utility>

#include <prometheus/text_serializer.h>

#include "base/status_macros.h"
#include "services/server/metrics_endpoint.h"

namespace imprint {
namespace {

const prometheus::Histogram::BucketBoundaries kSecondsBuckets = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

}  // namespace

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

// prometheus-cpp 1.0 does not escape help texts: a backslash or a line break in one fails the whole
// scrape.
prometheus::Counter& Metrics::Counter(const std::string& name, const std::string& help,
                                      const prometheus::Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Gauge& Metrics::Gauge(const std::string& name, const std::string& help,
                                  const prometheus::Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Histogram& Metrics::Seconds(const std::string& name, const std::string& help,
                                        const prometheus::Labels& labels) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(
      labels, kSecondsBuckets);
}

void Metrics::BeforeScrape(std::function<void()> measure) {
  const absl::MutexLock lock(&measuring_);
  measures_.push_back(std::move(measure));
}

absl::StatusOr<std::string> Metrics::Expose(const std::string& address) {
  ASSIGN_OR_RETURN(endpoint_, MetricsEndpoint::Start(address, [this] { return Text(); }));
  return endpoint_->address();
}

void Metrics::Hide() { endpoint_.reset(); }

std::string Metrics::Text() {
  const absl::MutexLock lock(&measuring_);
  for (const std::function<void()>& measure : measures_) measure();
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace imprint
