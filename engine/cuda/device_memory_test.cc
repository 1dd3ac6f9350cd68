#include "engine/cuda/device_memory.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

TEST(DeviceMemory, OfAProcessorIsNotCounted) {
  ASSERT_OK_AND_ASSIGN(const int64_t peak, TakePeakDeviceMemory({}));
  EXPECT_EQ(peak, 0);
}

}  // namespace
}  // namespace imprint::engine
