#include "engine/noise/noise_source.h"

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

TEST(NoiseSource, ASeedIsAPicturesOwn) {
  EXPECT_TRUE(at::equal(NoiseSource(7).Draw({4, 8, 8}), NoiseSource(7).Draw({4, 8, 8})));
  EXPECT_FALSE(at::equal(NoiseSource(7).Draw({4, 8, 8}), NoiseSource(8).Draw({4, 8, 8})));
}

// The first values of torch.randn(16, generator=torch.Generator().manual_seed(0)).
TEST(NoiseSource, IsTorchsCpuGenerator) {
  const at::Tensor noise = NoiseSource(0).Draw({16});
  EXPECT_NEAR(noise[0].item<float>(), -1.1258F, 1e-4);
  EXPECT_NEAR(noise[1].item<float>(), -1.1524F, 1e-4);
}

}  // namespace
}  // namespace imprint::engine
