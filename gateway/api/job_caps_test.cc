#include "gateway/api/job_caps.h"

#include "absl/status/status.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

using testing::AllOf;
using testing::HasSubstr;

v1::ImageSetSpec Pictures() {
  v1::ImageSetSpec spec;
  spec.set_width(512);
  spec.set_height(768);
  spec.set_upscale(1);
  spec.set_picture_width(512);
  spec.set_picture_height(768);
  spec.set_steps(50);
  for (int i = 0; i < 10; ++i) {
    spec.add_prompts();
    spec.add_seeds(static_cast<uint64_t>(i));
  }
  return spec;
}

v1::TrainingSpec LargeTraining() {
  v1::TrainingSpec spec;
  spec.set_size(512);
  spec.mutable_recipe()->set_steps(3000);
  spec.mutable_recipe()->set_batch(4);
  spec.mutable_recipe()->set_accumulation(8);
  return spec;
}

template <typename Spec>
void ExpectRefused(const JobCaps& caps, const Spec& spec, const char* field, const char* flag) {
  const absl::Status status = CheckCaps(caps, spec);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(field), HasSubstr(flag)));
}

TEST(JobCaps, AllowAllWhereNoneIsGiven) {
  EXPECT_TRUE(CheckCaps({}, Pictures()).ok());
  EXPECT_TRUE(CheckCaps({}, LargeTraining()).ok());
  EXPECT_TRUE(CheckFlags({}).ok());
}

TEST(JobCaps, AllowWhatReachesThem) {
  EXPECT_TRUE(CheckCaps({.picture_side = 768, .draw_steps = 50, .items = 100}, Pictures()).ok());
  EXPECT_TRUE(CheckCaps({.training_side = 512, .training_steps = 3000, .training_samples = 32},
                        LargeTraining())
                  .ok());
}

TEST(JobCaps, RefuseLargerPictures) {
  ExpectRefused({.picture_side = 767}, Pictures(), "spec.height: got 768", "--max-picture-side");
  v1::ImageSetSpec enlarged = Pictures();
  enlarged.set_upscale(2);
  enlarged.set_picture_width(1024);
  enlarged.set_picture_height(1536);
  ExpectRefused({.picture_side = 1000}, enlarged, "spec.width × spec.upscale: got 1024",
                "--max-picture-side");
}

TEST(JobCaps, RefuseLongerWork) {
  ExpectRefused({.draw_steps = 49}, Pictures(), "spec.steps: got 50", "--max-draw-steps");
  const absl::Status status = CheckItems({.items = 99}, Pictures(), 100);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("spec.prompts × spec.seeds: got 100"), HasSubstr("--max-items")));
  EXPECT_TRUE(CheckItems({.items = 100}, Pictures(), 100).ok());
  ExpectRefused({.training_side = 511}, LargeTraining(), "spec.size: got 512",
                "--max-training-side");
  ExpectRefused({.training_steps = 2999}, LargeTraining(), "spec.recipe.steps: got 3000",
                "--max-training-steps");
  ExpectRefused({.training_samples = 31}, LargeTraining(), "got 32", "--max-training-samples");
}

TEST(JobCaps, RefuseFlagsThatLeaveNothing) {
  const absl::Status status = CheckFlags({.items = 0});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("max-items: got 0"));
}

}  // namespace
}  // namespace imprint::gateway
