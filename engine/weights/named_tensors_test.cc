#include "engine/weights/named_tensors.h"

#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "formats/safetensors.h"

namespace imprint::engine {
namespace {

using Parts = std::vector<std::string>;

std::span<const std::byte> Bytes(const auto& values) { return std::as_bytes(std::span(values)); }

TEST(MapWeights, ReadsEveryTypeAtAnyAddress) {
  const ScratchFolder folder;
  const std::vector<uint8_t> odd = {1};
  const std::vector<float> floats = {1.5F, -2};
  const std::vector<uint16_t> halves = {0x3C00};
  const std::vector<uint8_t> eighths = {0x44};
  // "a" takes one byte, so that what follows it lies at odd addresses.
  const auto path = folder.Write(
      "w.safetensors", SerializeSafetensors({{"a", {DType::kU8, {1}, Bytes(odd)}},
                                             {"b", {DType::kF32, {2}, Bytes(floats)}},
                                             {"c", {DType::kF16, {1}, Bytes(halves)}},
                                             {"d", {DType::kBF16, {1}, Bytes(halves)}},
                                             {"e", {DType::kF8E4M3, {1}, Bytes(eighths)}},
                                             {"f", {DType::kF8E5M2, {1}, Bytes(eighths)}}},
                                            {}));
  ASSERT_OK_AND_ASSIGN(const NamedTensors tensors, MapWeights(path));
  EXPECT_TRUE(at::equal(tensors.at("b"), at::tensor({1.5F, -2.0F})));
  EXPECT_EQ(tensors.at("c").to(at::kFloat).item<float>(), 1.0F);
  EXPECT_EQ(tensors.at("d").scalar_type(), at::kBFloat16);
  EXPECT_EQ(tensors.at("e").to(at::kFloat).item<float>(), 3.0F);
  EXPECT_EQ(tensors.at("f").to(at::kFloat).item<float>(), 4.0F);
}

TEST(MapWeights, TensorsOutliveTheCall) {
  const ScratchFolder folder;
  const std::vector<float> floats(1000, 3.0F);
  const auto path = folder.Write(
      "w.safetensors", SerializeSafetensors({{"a", {DType::kF32, {1000}, Bytes(floats)}}}, {}));
  at::Tensor kept;
  {
    ASSERT_OK_AND_ASSIGN(const NamedTensors tensors, MapWeights(path));
    kept = tensors.at("a");
  }
  EXPECT_EQ(kept.sum().item<float>(), 3000.0F);
}

TEST(MapWeights, UnknownTypesAreRefusedByName) {
  const ScratchFolder folder;
  const std::vector<uint8_t> bytes = {0};
  const auto path = folder.Write(
      "w.safetensors", SerializeSafetensors({{"a", {DType::kI8, {1}, Bytes(bytes)}}}, {}));
  EXPECT_THAT(MapWeights(path), RefusesNaming(Parts{"w.safetensors", "\"a\"", "I8"}));
}

}  // namespace
}  // namespace imprint::engine
