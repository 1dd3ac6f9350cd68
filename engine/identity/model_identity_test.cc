#include "engine/identity/model_identity.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/sha256.h"
#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

std::string Of(const char* component, const std::string& name, const std::vector<int64_t>& shape,
               const std::vector<float>& values) {
  Fingerprint fingerprint;
  fingerprint.Add(component, {{name, {DType::kF32, shape, std::as_bytes(std::span(values))}}});
  return fingerprint.HexDigest();
}

TEST(Fingerprint, ChangesWithEverythingThatMatters) {
  const std::vector<float> values = {0, 1, 2, 3, 4, 5};
  const std::string original = Of("unet", "a", {2, 3}, values);
  EXPECT_EQ(original, Of("unet", "a", {2, 3}, values));
  EXPECT_NE(original, Of("vae", "a", {2, 3}, values));
  EXPECT_NE(original, Of("unet", "b", {2, 3}, values));
  EXPECT_NE(original, Of("unet", "a", {3, 2}, values));
  EXPECT_NE(original, Of("unet", "a", {2, 3}, {0, 1, 2, 3, 4, 6}));
}

TEST(Fingerprint, IsOfNumbersNotOfTheirType) {
  const std::vector<float> floats = {1, -2, 0.5, 8};
  const std::vector<uint16_t> halves = {0x3C00, 0xC000, 0x3800, 0x4800};
  Fingerprint narrow;
  narrow.Add("unet", {{"a", {DType::kF16, {4}, std::as_bytes(std::span(halves))}}});
  EXPECT_EQ(narrow.HexDigest(), Of("unet", "a", {4}, floats));
}

TEST(Fingerprint, RemembersTheFirstTensorThatIsDamaged) {
  const std::vector<float> good = {1, 2};
  const std::vector<float> bad = {1, NAN};
  Fingerprint fingerprint;
  fingerprint.Add("unet", {{"a", {DType::kF32, {2}, std::as_bytes(std::span(good))}}});
  EXPECT_FALSE(fingerprint.damage());
  fingerprint.Add("vae", {{"b", {DType::kF32, {2}, std::as_bytes(std::span(bad))}},
                          {"c", {DType::kF32, {2}, std::as_bytes(std::span(bad))}}});
  ASSERT_TRUE(fingerprint.damage());
  EXPECT_EQ(fingerprint.damage()->tensor, "b");
  EXPECT_EQ(fingerprint.damage()->index, 1);
}

TEST(HalfSha256, IsTheSameForAnyTypeThatHoldsTheNumbers) {
  const std::vector<float> floats = {1, -2, 0.5};
  const std::vector<uint16_t> halves = {0x3C00, 0xC000, 0x3800};
  const auto wide = HalfSha256({DType::kF32, {3}, std::as_bytes(std::span(floats))});
  const auto narrow = HalfSha256({DType::kF16, {3}, std::as_bytes(std::span(halves))});
  ASSERT_TRUE(wide.ok() && narrow.ok());
  EXPECT_EQ(*wide, *narrow);
}

TEST(ModelIdentity, KnowsTheDemoModel) {
  ASSERT_OK_AND_ASSIGN(const auto files, ModelFiles::Open(IMPRINT_SOURCE_DIR "/models/demo"));
  ASSERT_OK_AND_ASSIGN(const ModelIdentity identity, IdentifyModel(*files));
  EXPECT_EQ(identity.picture_size, 64);
  EXPECT_EQ(identity.text_layers, 2);
  EXPECT_EQ(identity.fingerprint.size(), 64u);
  EXPECT_TRUE(identity.has_safety_checker);
  EXPECT_EQ(Name(identity.solver), "ddim");
  // Embeddings of earlier builds fit on: the table's hash has always been this.
  EXPECT_EQ(identity.text_encoder_identity,
            "other:128:a8e6b88fe938eddc8f3452127044853f995b21ca11be654ff283ee58315ae8e4");
  EXPECT_EQ(identity.damage, "");
  EXPECT_TRUE(identity.warnings.empty());
}

TEST(ModelIdentity, WhatIsMissingIsNamed) {
  const ScratchFolder folder;
  folder.Write("model_index.json", R"({"_class_name": "StableDiffusionPipeline"})");
  ASSERT_OK_AND_ASSIGN(const auto files, ModelFiles::Open(folder.path()));
  EXPECT_THAT(IdentifyModel(*files),
              Fails(absl::StatusCode::kNotFound, ::testing::HasSubstr("text_encoder")));
}

}  // namespace
}  // namespace imprint::engine
