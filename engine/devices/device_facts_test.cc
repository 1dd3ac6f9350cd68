#include "engine/devices/device_facts.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kTwoGpus = "Big GPU|85899345920|9|0;Old GPU|17179869184|7|5";

// A machine whose driver is the fake one, with these GPUs.
class DeviceFactsTest : public ::testing::Test {
 protected:
  ~DeviceFactsTest() override {
    unsetenv("FAKE_GPUS");
    unsetenv("FAKE_CUDA_ERROR");
  }

  void Install(const char* gpus) { setenv("FAKE_GPUS", gpus, 1); }

  const std::string driver_ = IMPRINT_FAKE_CUDA_DRIVER;
};

TEST_F(DeviceFactsTest, TheProcessorComesFirstThenTheGpus) {
  Install(kTwoGpus);
  const std::vector<DeviceFacts> devices = ListDevices(driver_);
  ASSERT_EQ(devices.size(), 3);
  EXPECT_EQ(Name(devices[0].device), "cpu");
  EXPECT_GT(devices[0].memory_bytes, 0);
  EXPECT_FALSE(devices[0].model.empty());
  EXPECT_EQ(devices[0].precisions.back(), Precision::kFp32);
  EXPECT_EQ(Name(devices[1].device), "cuda:0");
  EXPECT_EQ(devices[1].model, "Big GPU");
  EXPECT_EQ(devices[1].memory_bytes, 85899345920);
  EXPECT_EQ(Name(devices[2].device), "cuda:1");
}

TEST_F(DeviceFactsTest, AGpuPrefersWhatItsMatrixUnitsMultiply) {
  const auto precisions = [&](const char* capability) {
    Install(capability);
    return ListDevices(driver_)[1].precisions;
  };
  EXPECT_THAT(precisions("x|1|9|0"),
              ElementsAre(Precision::kBf16, Precision::kFp16, Precision::kFp32));
  EXPECT_THAT(precisions("x|1|8|0"),
              ElementsAre(Precision::kBf16, Precision::kFp16, Precision::kFp32));
  EXPECT_THAT(precisions("x|1|7|5"), ElementsAre(Precision::kFp16, Precision::kFp32));
  EXPECT_THAT(precisions("x|1|6|0"), ElementsAre(Precision::kFp16, Precision::kFp32));
  EXPECT_THAT(precisions("x|1|6|1"), ElementsAre(Precision::kFp32));
  EXPECT_THAT(precisions("x|1|5|2"), ElementsAre(Precision::kFp32));
}

TEST_F(DeviceFactsTest, AutoIsTheFirstGpu) {
  Install(kTwoGpus);
  EXPECT_EQ(FindDevice("device", "auto", driver_)->model, "Big GPU");
  EXPECT_EQ(FindDevice("device", "cuda:1", driver_)->model, "Old GPU");
  EXPECT_EQ(Name(FindDevice("device", "cpu", driver_)->device), "cpu");
}

TEST_F(DeviceFactsTest, WithoutAGpuAutoIsTheProcessor) {
  EXPECT_EQ(Name(FindDevice("device", "auto", "libno-such-driver.so")->device), "cpu");
  Install("");
  EXPECT_EQ(Name(FindDevice("device", "auto", driver_)->device), "cpu");
  EXPECT_EQ(ListDevices(driver_).size(), 1);
}

TEST_F(DeviceFactsTest, AGpuThatIsNotThereIsRefusedWithTheReason) {
  Install(kTwoGpus);
  const auto code = absl::StatusCode::kFailedPrecondition;
  EXPECT_THAT(FindDevice("device", "cuda:2", driver_),
              Fails(code, AllOf(HasSubstr("device: got cuda:2"), HasSubstr("2 GPUs"))));
  EXPECT_THAT(FindDevice("device", "cuda", "libno-such-driver.so"),
              Fails(code, AllOf(HasSubstr("device: got cuda;"), HasSubstr("no CUDA driver"))));
  setenv("FAKE_CUDA_ERROR", "100", 1);
  EXPECT_THAT(FindDevice("device", "cuda", driver_), Fails(code, HasSubstr("sees no GPU")));
  // The driver and the kernel's module are of different versions, as after an update.
  setenv("FAKE_CUDA_ERROR", "803", 1);
  EXPECT_THAT(FindDevice("device", "cuda", driver_),
              Fails(code, AllOf(HasSubstr("cuInit"), HasSubstr("803"))));
}

TEST_F(DeviceFactsTest, ALibraryThatIsNoDriverIsNone) {
  EXPECT_THAT(ListGpus("libm.so.6"),
              Fails(absl::StatusCode::kUnavailable, HasSubstr("has no cuInit")));
}

}  // namespace
}  // namespace imprint::engine
