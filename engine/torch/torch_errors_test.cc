#include "engine/torch/torch_errors.h"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/torch/threads.h"

namespace imprint::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CatchTorchErrors, ShapesThatDoNotFitAreInternalInOneLine) {
  const auto status = CatchTorchErrors([]() -> absl::Status {
    at::matmul(at::zeros({2, 3}), at::zeros({2, 3}));
    return absl::OkStatus();
  });
  EXPECT_THAT(status, Fails(absl::StatusCode::kInternal, HasSubstr("2x3")));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("\n")));
}

TEST(CatchTorchErrors, TooMuchMemoryIsResourceExhausted) {
  const auto result = CatchTorchErrors(
      []() -> absl::StatusOr<at::Tensor> { return at::zeros({int64_t{1} << 60}); });
  EXPECT_THAT(result, Fails(absl::StatusCode::kResourceExhausted, HasSubstr("memory")));
}

TEST(CatchTorchErrors, ADeviceThatFailsIsUnavailable) {
  const auto status = CatchTorchErrors([]() -> absl::Status {
    throw c10::AcceleratorError({__func__, __FILE__, __LINE__}, 719,
                                "CUDA error: unspecified launch failure\nand more");
  });
  EXPECT_THAT(status, Fails(absl::StatusCode::kUnavailable,
                            HasSubstr("the device failed: CUDA error: unspecified launch")));
  EXPECT_TRUE(IsDeviceError(status));
  EXPECT_FALSE(IsDeviceError(absl::UnavailableError("gang: summing up")));
  EXPECT_FALSE(IsDeviceError(absl::OkStatus()));
}

TEST(CatchTorchErrors, ADeviceWithoutMemoryIsNotLost) {
  const auto status = CatchTorchErrors([]() -> absl::Status {
    throw c10::AcceleratorError({__func__, __FILE__, __LINE__}, 2, "CUDA error: out of memory");
  });
  EXPECT_THAT(status,
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("out of memory: CUDA")));
}

TEST(CatchTorchErrors, CudasLibrariesAreDevicesToo) {
  const auto failing = [](const std::string& message) {
    return CatchTorchErrors([&]() -> absl::Status { TORCH_CHECK(false, message); });
  };
  EXPECT_TRUE(IsDeviceError(failing("CUDNN_STATUS_EXECUTION_FAILED")));
  EXPECT_TRUE(IsDeviceError(failing("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling")));
  EXPECT_THAT(failing("CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("out of memory")));
}

TEST(CatchTorchErrors, AResultPassesThrough) {
  EXPECT_EQ(*CatchTorchErrors([]() -> absl::StatusOr<int> { return 7; }), 7);
}

TEST(SetComputeThreads, RefusesNonsense) {
  EXPECT_THAT(SetComputeThreads(-1), RefusesNaming(std::vector<std::string>{"threads", "-1"}));
  EXPECT_THAT(SetComputeThreads(2), Succeeds());
  EXPECT_EQ(ComputeThreads(), 2);
}

}  // namespace
}  // namespace imprint::engine
