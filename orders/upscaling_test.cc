#include "orders/upscaling.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

absl::Status Check(double upscale, double strength = 0.5, PictureSize size = {512, 768}) {
  return CheckUpscaling(size, 8, {SolverMethod::kDdim}, 25, upscale, strength);
}

TEST(Upscaling, SidesAreMultiples) {
  EXPECT_EQ(Enlarged({512, 768}, 1, 8), (PictureSize{512, 768}));
  EXPECT_EQ(Enlarged({512, 768}, 1.51, 8), (PictureSize{776, 1160}));
}

TEST(Upscaling, ASecondPassMustBeOne) {
  EXPECT_THAT(Check(1, 0), Succeeds()) << "there is none";
  EXPECT_THAT(Check(2), Succeeds());
  EXPECT_THAT(Check(0.5), RefusesNaming(Parts{"upscale: got 0.5", "1 to 4"}));
  EXPECT_THAT(Check(std::nan("")), RefusesNaming(Parts{"upscale: got nan"}));
  EXPECT_THAT(Check(1.001), RefusesNaming(Parts{"upscale: got 1.001", "more than 512x768"}));
  EXPECT_THAT(Check(3, 0.5, {512, 2048}),
              RefusesNaming(Parts{"upscale: got 3", "1536x6144", "4096"}));
  EXPECT_THAT(Check(2, 0.01), RefusesNaming(Parts{"upscale_strength: got 0.01", "1/25"}));
  EXPECT_THAT(Check(2, 1.5), RefusesNaming(Parts{"upscale_strength: got 1.5", "to 1"}));
  EXPECT_THAT(Check(2, std::nan("")), RefusesNaming(Parts{"upscale_strength: got nan"}));
}

}  // namespace
}  // namespace imprint
