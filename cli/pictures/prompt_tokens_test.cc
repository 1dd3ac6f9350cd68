#include "cli/pictures/prompt_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PromptTokens, ClassWordsStandWhereTheTokenizerSeesTokens) {
  const std::map<std::string, std::string> words = {
      {"pip", "mascot"}, {"pip2", "robot"}, {"<mia>", "girl"}, {"<old>", ""}, {"ros\u00E9", "dog"}};
  EXPECT_EQ(WithClassWords("PIP and pip2, pips; <MIA>'s cat, <old>", words),
            "mascot and robot, pips; girl's cat, <old>");
  EXPECT_EQ(WithClassWords("pip—asleep, épip, rose\u0301!", words), "mascot—asleep, épip, dog!");
  EXPECT_EQ(WithClassWords("雪のpipの写真", words), "雪のmascotの写真");
  EXPECT_EQ(WithClassWords("pip \x80 pip\xF0", words), "pip \x80 pip\xF0") << "no UTF-8";
}

TEST(PromptTokens, WhatIsToBeToldOfAllPrompts) {
  const std::set<std::string> tokens = {"<rex>", "<mia>", "<pip>"};
  const PromptWords words =
      WordsIn({.prompts = {"<rex> at night", "<rec>"}, .negative = "<mia> <lora:x:1>"}, tokens);
  EXPECT_THAT(words.tokens, ElementsAre("<mia>", "<rex>"));
  EXPECT_THAT(WarningsOfText(words),
              ElementsAre(HasSubstr("<rec>"), HasSubstr("<lora:x:1> calls a LoRA")));
  EXPECT_THAT(WarningsOfUnused(words, tokens), ElementsAre(HasSubstr("no prompt has <pip>")));
}

}  // namespace
}  // namespace imprint::cli
