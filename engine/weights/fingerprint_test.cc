#include "engine/weights/fingerprint.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

std::string Of(const char* component, const NamedTensors& tensors) {
  Fingerprint fingerprint;
  fingerprint.Add(component, tensors);
  return fingerprint.HexDigest();
}

TEST(Fingerprint, ChangesWithEverythingThatMatters) {
  const at::Tensor tensor = at::arange(6, at::kFloat).view({2, 3});
  const std::string original = Of("unet", {{"a", tensor}});
  EXPECT_EQ(original, Of("unet", {{"a", tensor.clone()}}));
  EXPECT_NE(original, Of("vae", {{"a", tensor}}));
  EXPECT_NE(original, Of("unet", {{"b", tensor}}));
  EXPECT_NE(original, Of("unet", {{"a", tensor.view({3, 2})}}));
  EXPECT_NE(original, Of("unet", {{"a", tensor + 1}}));
  EXPECT_NE(original, Of("unet", {{"a", tensor.to(at::kInt)}}));
}

TEST(TensorSha256, GoesByRowMajorElements) {
  const at::Tensor tensor = at::arange(6, at::kFloat).view({2, 3});
  EXPECT_EQ(TensorSha256(tensor.t().contiguous().t()), TensorSha256(tensor));
  EXPECT_NE(TensorSha256(tensor.t()), TensorSha256(tensor));
}

}  // namespace
}  // namespace imprint
