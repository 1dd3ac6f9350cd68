#include "engine/collective/gang_error.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(IsGangError, ATrainingMayFailByItself) {
  EXPECT_TRUE(IsGangError(absl::UnavailableError("gang: summing up: closed by peer")));
  EXPECT_TRUE(IsGangError(absl::DeadlineExceededError("gang: summing up: timed out")));
  EXPECT_FALSE(IsGangError(absl::UnavailableError("checkpoint.safetensors: disk full")));
  EXPECT_FALSE(IsGangError(absl::FailedPreconditionError("the loss is not a number at step 3")));
  EXPECT_FALSE(IsGangError(absl::FailedPreconditionError("gang: rank 1 was given another")));
}

}  // namespace
}  // namespace imprint
