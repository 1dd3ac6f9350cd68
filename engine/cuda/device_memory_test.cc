#include "engine/cuda/device_memory.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

TEST(DeviceMemory, OfAProcessorIsNotLimitedHere) {
  EXPECT_THAT(LimitDeviceMemory({}, 0), Succeeds());
  EXPECT_THAT(LimitDeviceMemory({}, 4096), RefusesNaming(std::vector<std::string>{
                                               "device-memory-mb: got 4096", "without a GPU"}));
  EXPECT_THAT(LimitDeviceMemory({DeviceKind::kCuda, 0}, -1),
              RefusesNaming(std::vector<std::string>{"device-memory-mb: got -1"}));
}

TEST(DeviceMemory, OfAProcessorIsNotCounted) {
  ASSERT_OK_AND_ASSIGN(const int64_t peak, TakePeakDeviceMemory({}));
  EXPECT_EQ(peak, 0);
}

}  // namespace
}  // namespace imprint
