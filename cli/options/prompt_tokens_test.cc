#include "cli/options/prompt_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PromptTokens, ClassWordsStandWhereTheTokenizerSeesTokens) {
  const std::map<std::string, std::string> words = {
      {"pip", "mascot"}, {"pip2", "robot"}, {"<mia>", "girl"}, {"<old>", ""}};
  EXPECT_EQ(WithClassWords("PIP and pip2, pips; <MIA>'s cat, <old>", words),
            "mascot and robot, pips; girl's cat, <old>");
  EXPECT_EQ(WithClassWords("pip—asleep, épip", words), "mascot—asleep, épip");
  EXPECT_EQ(WithClassWords("pip \x80 pip\xF0", words), "pip \x80 pip\xF0") << "no UTF-8";
}

TEST(PromptTokens, TheLongestTokenIsTheOneThatIsMeant) {
  const std::set<std::string> tokens = {"<rex>", "rex", "<rex> junior", "mia"};
  EXPECT_THAT(TokensIn({"a photo of <REX> at night"}, tokens), ElementsAre("<rex>"));
  EXPECT_THAT(TokensIn({"<rex> junior and mia", "T-rex"}, tokens),
              ElementsAre("<rex> junior", "mia", "rex"));
  EXPECT_THAT(TokensIn({"rexes", "amia"}, tokens), IsEmpty());
}

TEST(PromptTokens, WhatLooksLikeATokenButIsNoneIsTold) {
  EXPECT_THAT(UnknownTokensIn({"<rex> and <rec>, a < b > c, <>, <", "<rec>"}, {"<rex>"}),
              ElementsAre("<rec>"));
}

}  // namespace
}  // namespace imprint
