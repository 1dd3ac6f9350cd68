#include "engine/collective/gang_error.h"

#include <stdexcept>
#include <string>

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/collective/c10d_collective.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {
namespace {

TEST(IsGangError, ATrainingMayFailByItself) {
  EXPECT_TRUE(IsGangError(absl::UnavailableError("gang: summing up: closed by peer")));
  EXPECT_TRUE(IsGangError(absl::DeadlineExceededError("gang: summing up: timed out")));
  EXPECT_FALSE(IsGangError(absl::UnavailableError("checkpoint.safetensors: disk full")));
  EXPECT_FALSE(IsGangError(absl::FailedPreconditionError("the loss is not a number at step 3")));
  EXPECT_FALSE(IsGangError(absl::FailedPreconditionError("gang: rank 1 was given another")));
}

TEST(GangError, ADevicesErrorIsNotTheGangs) {
  absl::Status status;
  try {
    throw c10::AcceleratorError({__func__, __FILE__, __LINE__}, 719, "CUDA error: launch failure");
  } catch (...) {
    status = GangError("summing up");
  }
  EXPECT_TRUE(IsDeviceError(status)) << status;
  EXPECT_FALSE(IsGangError(status));
}

TEST(GangError, SaysWhenTwoRanksHaveOneGpu) {
  absl::Status status;
  try {
    throw std::runtime_error(
        "NCCL error: invalid usage\nDuplicate GPU detected : rank 1 and rank 0");
  } catch (...) {
    status = GangError("NCCL");
  }
  EXPECT_TRUE(IsGangError(status));
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(::testing::HasSubstr("each needs a GPU of its own"),
                               ::testing::HasSubstr("invalid usage")));
}

}  // namespace
}  // namespace imprint::engine
