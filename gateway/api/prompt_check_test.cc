#include "gateway/api/prompt_check.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::gateway {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Parts = std::vector<std::string>;

v1::ImageSetSpec Set(const std::vector<std::string>& prompts) {
  v1::ImageSetSpec spec;
  spec.mutable_prompts()->Assign(prompts.begin(), prompts.end());
  spec.set_width(64);
  spec.set_height(64);
  return spec;
}

v1::BaseModel Model() {
  v1::BaseModel model;
  model.set_picture_size(64);
  return model;
}

KnownTokens Known(const std::vector<std::string>& tokens) {
  KnownTokens known;
  for (const std::string& token : tokens) {
    known.embeddings.emplace_back().set_token(token);
    known.embeddings.back().set_vectors(1);
  }
  return known;
}

TEST(PromptCheck, WeightsAreReadBesideTheTokens) {
  v1::ImageSetSpec spec = Set({"(<v:1000>) in the snow"});
  EXPECT_THAT(CheckPrompts(SetTexts(spec), Known({"<v:1000>"})), Succeeds());
  spec.set_prompts(0, "(cat:1000)");
  EXPECT_THAT(CheckPrompts(SetTexts(spec), {}),
              RefusesNaming(Parts{"spec.prompts[0]: weight: got 1000"}));
  spec.set_prompts(0, "cat");
  spec.set_negative_prompt("(cat:1000)");
  EXPECT_THAT(CheckPrompts(SetTexts(spec), {}),
              RefusesNaming(Parts{"spec.negative_prompt: weight: got 1000"}));
  spec.set_prompt_style(v1::PROMPT_STYLE_LITERAL);
  EXPECT_THAT(CheckPrompts(SetTexts(spec), {}), Succeeds());
}

TEST(PromptCheck, ANetworksCallIsRefusedUnlessBracketsAreText) {
  v1::ImageSetSpec spec = Set({"a cat", "a cat <lora:snow:0.8>"});
  EXPECT_THAT(
      CheckPrompts(SetTexts(spec), {}),
      RefusesNaming(Parts{"spec.prompts[1]", "<lora:snow:0.8>", "angle_brackets_are_text"}));
  spec.set_angle_brackets_are_text(true);
  EXPECT_THAT(CheckPrompts(SetTexts(spec), {}), Succeeds());
}

TEST(PromptCheck, AWordInAngleBracketsIsAToken) {
  const KnownTokens known = Known({"<pip>"});
  EXPECT_FALSE(
      FindUnknownWord(SetTexts(Set({"<pip> in the snow", "a < b and c > d", "<PIP>"})), known));
  const auto found =
      FindUnknownWord(SetTexts(Set({"<pip> in the snow", "<pop> in the snow"})), known);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->field, "spec.prompts[1]");
  EXPECT_EQ(found->word, "<pop>");
  EXPECT_THAT(
      RefuseUnknownWord(*found, known, {}),
      RefusesNaming(Parts{"spec.prompts[1]", "\"<pop>\"", "<pip>", "angle_brackets_are_text"}));
  EXPECT_THAT(RefuseUnknownWord(*found, known, {"concepts/pop"}),
              RefusesNaming(Parts{"an embedding of concepts/pop"}));
}

TEST(PromptCheck, TheNegativePromptIsOneToo) {
  v1::ImageSetSpec spec = Set({"a cat"});
  spec.set_negative_prompt("<bad>");
  const auto found = FindUnknownWord(SetTexts(spec), {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->field, "spec.negative_prompt");
}

TEST(PromptCheck, WhatIsBakedIntoTheModelIsKnown) {
  KnownTokens known;
  known.of_model = {"<rex>", "<rex>_1"};
  EXPECT_FALSE(FindUnknownWord(SetTexts(Set({"<rex> in the snow"})), known));
  EXPECT_TRUE(FindUnknownWord(SetTexts(Set({"<max> in the snow"})), known));
}

TEST(PromptCheck, BracketsMayBeText) {
  v1::ImageSetSpec spec = Set({"a sign that says <exit>"});
  EXPECT_TRUE(FindUnknownWord(SetTexts(spec), {}));
  spec.set_angle_brackets_are_text(true);
  EXPECT_FALSE(FindUnknownWord(SetTexts(spec), {}));
}

TEST(PromptCheck, NothingIsSaidOfWhatIsAsItShouldBe) {
  EXPECT_THAT(WarningsOf(SetTexts(Set({"<pip> in the snow"})), Model(), Known({"<pip>"})),
              SucceedsWith(IsEmpty()));
}

TEST(PromptCheck, AnEmbeddingThatNoPromptUsesIsSaid) {
  EXPECT_THAT(
      WarningsOf(SetTexts(Set({"<pip> in the snow"})), Model(), Known({"<pip>", "<mia>"})),
      SucceedsWith(ElementsAre(AllOf(HasSubstr("spec.embeddings[1]"), HasSubstr("<mia>")))));
}

TEST(PromptCheck, APromptThatIsCutIsSaid) {
  std::string longer = "a cat";
  for (int i = 0; i < 300; ++i) absl::StrAppend(&longer, " dog cat");
  EXPECT_THAT(WarningsOf(SetTexts(Set({"a cat", longer})), Model(), {}),
              SucceedsWith(ElementsAre(
                  AllOf(HasSubstr("spec.prompts[1]"), HasSubstr("600 of its 602 tokens")))));
}

TEST(PromptCheck, ASizeFarBeyondTheModelsIsSaid) {
  v1::ImageSetSpec spec = Set({"a cat"});
  spec.set_width(128);
  spec.set_height(136);
  EXPECT_THAT(WarningsOf(SetTexts(spec), Model(), {}),
              SucceedsWith(ElementsAre(AllOf(HasSubstr("spec.height: 136"), HasSubstr("64")))));
}

}  // namespace
}  // namespace imprint::gateway
