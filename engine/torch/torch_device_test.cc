#include "engine/torch/torch_device.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/devices/device_facts.h"

namespace imprint::engine {
namespace {

TEST(TorchDevice, TheProcessorIsAlwaysThere) {
  EXPECT_EQ(TorchDevice(ComputeDevice())->type(), at::kCPU);
}

// Where there is a GPU, tests/gpu is what looks at it.
TEST(TorchDevice, WithoutAGpuItSaysWhy) {
  if (ListGpus().ok()) GTEST_SKIP() << "this machine has a GPU";
  const auto device = TorchDevice({DeviceKind::kCuda, 0});
  EXPECT_THAT(device, Fails(absl::StatusCode::kFailedPrecondition,
                            ::testing::HasSubstr("libtorch_cuda.so")));
  EXPECT_EQ(TorchDevice({DeviceKind::kCuda, 0}).status(), device.status()) << "and again";
}

}  // namespace
}  // namespace imprint::engine
