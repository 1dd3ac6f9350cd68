#include "formats/learned_embedding.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

std::span<const std::byte> Bytes(const auto& values) { return std::as_bytes(std::span(values)); }

TEST(LearnedEmbedding, WhatIsWrittenIsRead) {
  const LearnedEmbedding mia{"<mia>", 2, 3, {1, 2, 3, 4, 5, 6}, {{"imprint.steps", "200"}}};
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding read,
                       ParseLearnedEmbedding(SerializeLearnedEmbedding(mia), "e"));
  EXPECT_EQ(read.token, "<mia>");
  EXPECT_EQ(read.vectors, 2);
  EXPECT_EQ(read.width, 3);
  EXPECT_THAT(read.values, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(read.provenance, mia.provenance);
}

TEST(LearnedEmbedding, OldFilesHaveOneDimension) {
  const std::vector<float> values = {1, 2};
  ASSERT_OK_AND_ASSIGN(
      const LearnedEmbedding read,
      ParseLearnedEmbedding(SerializeSafetensors({{"<a>", {DType::kF32, {2}, Bytes(values)}}}, {}),
                            "e"));
  EXPECT_EQ(read.vectors, 1);
  EXPECT_EQ(read.width, 2);
}

TEST(LearnedEmbedding, HalfPrecisionIsWidened) {
  const std::vector<uint16_t> half = {0x3C00, 0xC000};
  const std::vector<uint16_t> brain = {0x3F80, 0xC000};
  for (const auto& [type, bits] : {std::pair{DType::kF16, half}, {DType::kBF16, brain}}) {
    ASSERT_OK_AND_ASSIGN(
        const LearnedEmbedding read,
        ParseLearnedEmbedding(SerializeSafetensors({{"<a>", {type, {1, 2}, Bytes(bits)}}}, {}),
                              "e"));
    EXPECT_THAT(read.values, ElementsAre(1.0F, -2.0F));
  }
}

TEST(LearnedEmbedding, RefusesWhatIsNoEmbedding) {
  const std::vector<float> two = {1, 2};
  const std::vector<float> bad = {1, NAN};
  const std::vector<int64_t> whole = {1};
  const std::vector<float> rows(76, 0);
  const auto read = [&](const TensorViews& tensors) {
    return ParseLearnedEmbedding(SerializeSafetensors(tensors, {}), "mia.safetensors");
  };
  const auto f32 = [](std::vector<int64_t> shape, const std::vector<float>& values) {
    return TensorView{DType::kF32, std::move(shape), Bytes(values)};
  };
  EXPECT_THAT(read({}), RefusesNaming(Parts{"mia.safetensors", "none", "one tensor"}));
  EXPECT_THAT(read({{"<a>", f32({2}, two)}, {"<b>", f32({2}, two)}}),
              RefusesNaming(Parts{"\"<a>\"", "\"<b>\"", "one tensor"}));
  EXPECT_THAT(read({{"<a>", f32({1, 1, 2}, two)}}), RefusesNaming(Parts{"\"<a>\"", "shape"}));
  EXPECT_THAT(read({{"<a>", f32({76, 1}, rows)}}), RefusesNaming(Parts{"[76, 1]", "1 to 75"}));
  EXPECT_THAT(read({{"<a>", f32({1, 2}, bad)}}),
              RefusesNaming(Parts{"value 1 of vector 0", "nan", "finite"}));
  EXPECT_THAT(read({{"<a>", {DType::kI64, {1}, Bytes(whole)}}}),
              RefusesNaming(Parts{"\"<a>\"", "dtype", "I64", "F64"}));
}

TEST(LearnedEmbedding, DoublePrecisionIsRoundedAndOverflowRefused) {
  const std::vector<double> wide = {0.1, -2};
  const std::vector<double> huge = {1e300};
  const auto parse = [](const std::vector<double>& values) {
    return ParseLearnedEmbedding(
        SerializeSafetensors(
            {{"<a>", {DType::kF64, {static_cast<int64_t>(values.size())}, Bytes(values)}}}, {}),
        "e");
  };
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding read, parse(wide));
  EXPECT_THAT(read.values, ElementsAre(0.1F, -2.0F));
  EXPECT_THAT(parse(huge), RefusesNaming(Parts{"inf", "finite"}));
}

TEST(LearnedEmbedding, KohyasLayoutNamesTheTensorForWhatItIs) {
  const LearnedEmbedding mia{"<mia>", 1, 2, {1, 2}, {{"imprint.steps", "200"}}};
  const std::string file = SerializeLearnedEmbedding(mia, EmbeddingLayout::kKohya);
  TensorViews tensors;
  TensorMetadata metadata;
  ASSERT_THAT(ParseSafetensors(Bytes(file), "e", tensors, metadata), Succeeds());
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_EQ(Describe(tensors.at("emb_params")), "F32 [1, 2]");
  EXPECT_EQ(metadata.at("imprint.steps"), "200");
  EXPECT_EQ(metadata.at("imprint.token"), "<mia>");
}

TEST(LearnedEmbedding, AWordWithCapitalsHasItsKeyInLowerCaseAndIsItselfAgain) {
  const LearnedEmbedding rex{"<Rex>", 1, 2, {1, 2}};
  const std::string file = SerializeLearnedEmbedding(rex);
  TensorViews tensors;
  TensorMetadata metadata;
  ASSERT_THAT(ParseSafetensors(Bytes(file), "e", tensors, metadata), Succeeds());
  EXPECT_TRUE(tensors.contains("<rex>"));
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding again, ParseLearnedEmbedding(file, "e"));
  EXPECT_EQ(again.token, "<Rex>");
  EXPECT_TRUE(again.provenance.empty());
  EXPECT_EQ(SerializeLearnedEmbedding(again), file);
  // Nothing is kept where there is nothing to keep.
  EXPECT_EQ(SerializeLearnedEmbedding({"<rex>", 1, 2, {1, 2}}).find("imprint.token"),
            std::string::npos);
}

TEST(LearnedEmbedding, AKeyThatSomebodyRenamedIsTheToken) {
  const std::vector<float> values = {1, 2};
  const std::string file = SerializeSafetensors({{"<mia>", {DType::kF32, {1, 2}, Bytes(values)}}},
                                                {{"imprint.token", "<Rex>"}});
  EXPECT_EQ(ParseLearnedEmbedding(file, "e")->token, "<mia>");
}

TEST(LearnedEmbedding, SafetensorsOwnKeyIsNoToken) {
  const std::vector<float> values = {1, 2};
  EXPECT_THAT(EmbeddingFromTensor("__Metadata__", {DType::kF32, {1, 2}, Bytes(values)}),
              RefusesNaming(Parts{"token", "__Metadata__"}));
}

}  // namespace
}  // namespace imprint
