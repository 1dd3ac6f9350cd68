#include "engine/cuda/prepare_device.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

TEST(PrepareDevice, OfAProcessorIsNotLimitedHere) {
  ASSERT_OK_AND_ASSIGN(const RecordGraph record, PrepareDevice({}));
  EXPECT_EQ(record, nullptr);
  EXPECT_THAT(
      PrepareDevice({.device_memory_mb = 4096}),
      RefusesNaming(std::vector<std::string>{"device-memory-mb: got 4096", "without a GPU"}));
  EXPECT_THAT(
      PrepareDevice({.device = ComputeDevice{DeviceKind::kCuda, 0}, .device_memory_mb = -1}),
      RefusesNaming(std::vector<std::string>{"device-memory-mb: got -1"}));
}

}  // namespace
}  // namespace imprint::engine
