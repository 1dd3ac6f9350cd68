#include "gateway/jobs/item_plan.h"

#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

TEST(ItemPlan, ASetHasEveryPromptWithEverySeed) {
  v1::ImageSetSpec spec;
  for (const char* prompt : {"a", "b", "c"}) spec.add_prompts(prompt);
  for (const uint64_t seed : {7u, 9u}) spec.add_seeds(seed);
  EXPECT_EQ(ItemCount(spec), 6);
}

}  // namespace
}  // namespace imprint::gateway
