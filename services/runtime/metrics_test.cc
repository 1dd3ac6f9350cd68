#include "services/runtime/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;
  metrics.Counter("imprint_x_total", "x", {{"a", "1"}}).Increment();
  metrics.Counter("imprint_x_total", "x", {{"a", "1"}}).Increment();
  metrics.Counter("imprint_x_total", "x", {{"a", "2"}}).Increment();
  EXPECT_THAT(metrics.Text(), HasSubstr("imprint_x_total{a=\"1\"} 2"));
  EXPECT_THAT(metrics.Text(), HasSubstr("imprint_x_total{a=\"2\"} 1"));
}

TEST(Metrics, AnAddressInUseIsAnError) {
  Metrics first;
  ASSERT_OK_AND_ASSIGN(const std::string address, first.Expose("127.0.0.1:0"));
  Metrics second;
  EXPECT_THAT(second.Expose(address),
              Fails(absl::StatusCode::kUnavailable, HasSubstr("metrics-listen")));
}

}  // namespace
}  // namespace imprint
