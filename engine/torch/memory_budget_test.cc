#include "engine/torch/memory_budget.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMegabyte = 1 << 20;

absl::StatusOr<at::Tensor> Take(int64_t bytes) {
  return CatchTorchErrors(
      [&]() -> absl::StatusOr<at::Tensor> { return at::zeros({bytes}, at::kByte); });
}

TEST(MemoryBudget, RefusesWhatIsBeyondItAndNothingElse) {
  {
    const MemoryBudget budget(10 * kMegabyte);
    ASSERT_OK_AND_ASSIGN(at::Tensor first, Take(6 * kMegabyte));
    EXPECT_THAT(Take(6 * kMegabyte),
                Fails(absl::StatusCode::kResourceExhausted,
                      HasSubstr("out of memory: tensors take 6 of the 10 MB")));
    EXPECT_THAT(Take(3 * kMegabyte).status(), Succeeds()) << "the refused one counts no longer";
    first = at::Tensor();
    EXPECT_THAT(Take(9 * kMegabyte).status(), Succeeds()) << "what was given back may be taken";
  }
  EXPECT_THAT(Take(64 * kMegabyte).status(), Succeeds()) << "it has ended";
}

TEST(MemoryBudget, CountsFromWhereItBegins) {
  at::Tensor held;
  {
    const MemoryBudget earlier(20 * kMegabyte);
    ASSERT_OK_AND_ASSIGN(held, Take(15 * kMegabyte));
  }
  const MemoryBudget budget(10 * kMegabyte);
  EXPECT_THAT(Take(9 * kMegabyte).status(), Succeeds());
  EXPECT_THAT(Take(11 * kMegabyte),
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("out of")));
}

}  // namespace
}  // namespace imprint::engine
