#include "engine/sampling/prompt_reading.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using Parts = std::vector<std::string>;

class PromptReaderTest : public ::testing::Test {
 protected:
  ClipTokenizer tokenizer_ = *ClipTokenizer::Standard("<|endoftext|>");
  ConceptVocabulary concepts_;
  PromptReader reader_{tokenizer_, concepts_};
};

TEST_F(PromptReaderTest, PicturesThatShareAPromptShareItsTokens) {
  ASSERT_OK_AND_ASSIGN(const PromptPair one, reader_.Read({.prompt = "a cat", .seed = 1}));
  ASSERT_OK_AND_ASSIGN(const PromptPair two,
                       reader_.Read({.prompt = "a dog", .negative_prompt = "a cat", .seed = 2}));
  EXPECT_EQ(one.positive, two.negative);
  EXPECT_NE(one.positive, two.positive);
  EXPECT_EQ(one.negative->tokens, 0);
}

TEST_F(PromptReaderTest, StylesReadTheSameTextDifferently) {
  const std::string prompt = "(cat:1.5)";
  ASSERT_OK_AND_ASSIGN(const PromptPair weighted, reader_.Read({.prompt = prompt}));
  ASSERT_OK_AND_ASSIGN(const PromptPair literal,
                       reader_.Read({.prompt = prompt, .prompt_style = PromptStyle::kLiteral}));
  EXPECT_LT(weighted.positive->tokens, literal.positive->tokens);
}

TEST_F(PromptReaderTest, TheLongerPromptSaysHowManyChunksThereAre) {
  const std::string long_prompt = "a cat BREAK a dog BREAK a cow";
  ASSERT_OK_AND_ASSIGN(PromptPair pair,
                       reader_.Read({.prompt = "a cat", .negative_prompt = long_prompt}));
  EXPECT_EQ(pair.chunks(), 3U);
  ASSERT_OK_AND_ASSIGN(
      pair, reader_.Read({.prompt = "a cat", .negative_prompt = long_prompt, .guidance = 1}));
  EXPECT_EQ(pair.chunks(), 1U) << "without guidance nobody asks what to keep out";
  EXPECT_EQ(pair.negative, nullptr);
}

TEST_F(PromptReaderTest, ReadPromptsStayWhereTheyAre) {
  ASSERT_OK_AND_ASSIGN(const PromptPair first, reader_.Read({.prompt = "prompt 0"}));
  for (int i = 1; i < 1000; ++i) {
    ASSERT_THAT(reader_.Read({.prompt = "prompt " + std::to_string(i)}), Succeeds());
  }
  EXPECT_EQ(reader_.Read({.prompt = "prompt 0"})->positive, first.positive);
}

TEST_F(PromptReaderTest, WhatCannotBeReadIsNamed) {
  EXPECT_THAT(reader_.Read({.prompt = "(cat:1000)"}),
              RefusesNaming(Parts{"prompt: weight: got 1000", "-100 to 100"}));
  EXPECT_THAT(reader_.Read({.prompt = "a cat", .negative_prompt = "(cat:.)", .guidance = 1}),
              RefusesNaming(Parts{"negative_prompt: weight: got \".\""}));
}

TEST_F(PromptReaderTest, TheEmptyPromptIsOneChunkWithoutAWordInEveryStyle) {
  EXPECT_EQ(reader_.EmptyPrompt().chunks.size(), 1U);
  EXPECT_EQ(reader_.EmptyPrompt().tokens, 0);
  for (const PromptStyle style : {PromptStyle::kEmphasis, PromptStyle::kLiteral}) {
    EXPECT_EQ(reader_.Read({.prompt = "a cat", .prompt_style = style})->negative,
              &reader_.EmptyPrompt());
  }
}

}  // namespace
}  // namespace imprint::engine
