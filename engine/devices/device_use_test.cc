#include "engine/devices/device_use.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

TEST(CheckDeviceUse, AProcessorIsAskedForNothing) {
  EXPECT_THAT(CheckDeviceUse({}, {}), Succeeds());
  EXPECT_THAT(CheckDeviceUse({}, {.memory_mb = 4096}),
              RefusesNaming(Parts{"device-memory-mb: got 4096", "without a GPU: memory-mb"}));
  EXPECT_THAT(CheckDeviceUse({}, {.memory_mb = 1}, "rank-"),
              RefusesNaming(Parts{"rank-device-memory-mb: got 1", "rank-memory-mb limits"}));
  EXPECT_THAT(CheckDeviceUse({}, {.cuda_graph = true}),
              RefusesNaming(Parts{"cuda-graph: got true"}));
}

TEST(CheckDeviceUse, AGpuIsAskedForMemoryThatCanBe) {
  const ComputeDevice gpu = {DeviceKind::kCuda, 0};
  EXPECT_THAT(CheckDeviceUse(gpu, {.memory_mb = 4096, .cuda_graph = true}), Succeeds());
  EXPECT_THAT(CheckDeviceUse(gpu, {.memory_mb = -1}),
              RefusesNaming(Parts{"device-memory-mb: got -1"}));
}

}  // namespace
}  // namespace imprint
