#include "engine/collective/gang_error.h"

#include <c10/util/Exception.h>
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

}  // namespace
}  // namespace imprint::engine
