#include "text/prompt_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PromptWords Find(absl::string_view prompt, const std::vector<std::string>& known,
                 PromptStyle style = PromptStyle::kEmphasis) {
  return FindPromptWords(prompt, style, WrittenTokens(known));
}

TEST(PromptWords, TokensAreThoseThatTheTokenizerFinds) {
  EXPECT_THAT(Find("<REX> and (mia:1.2)s, T-rex", {"<rex>", "rex", "mia", "amia"}).tokens,
              ElementsAre("<rex>", "mia", "rex"));
  EXPECT_THAT(Find("(mia:1.2)s", {"mia"}, PromptStyle::kLiteral).tokens, ElementsAre("mia"));
  EXPECT_THAT(Find("rexes, rex2", {"rex"}).tokens, IsEmpty());
  EXPECT_THAT(Find("re\\x", {"rex"}).tokens, ElementsAre("rex")) << "a backslash goes";
  EXPECT_THAT(Find("<cat2>", {"<cat>", "<cat2>"}).tokens, ElementsAre("<cat2>"));
  EXPECT_THAT(Find("雪の中のtoyxの写真", {"toyx"}).tokens, ElementsAre("toyx"));
  EXPECT_THAT(Find("可爱的猫耳在雪地里", {"猫耳"}).tokens, ElementsAre("猫耳"));
}

TEST(PromptWords, ComposedAndDecomposedAreOneWord) {
  const std::string composed = "<ros\u00E9>";
  const std::string decomposed = "<rose\u0301>";
  EXPECT_THAT(Find(composed + " at night", {decomposed}).tokens, ElementsAre(decomposed));
  EXPECT_THAT(Find(decomposed + " at night", {composed}).tokens, ElementsAre(composed));
  EXPECT_THAT(Find("ROSE\u0301", {"ros\u00E9"}).tokens, ElementsAre("ros\u00E9"));
  EXPECT_THAT(Find("rose\u0301", {"rose"}).tokens, IsEmpty());
  // Hangul, as macOS writes the names of folders.
  EXPECT_THAT(Find("\u1105\u1166\u11A8\u1109\u1173", {"\uB809\uC2A4"}).tokens,
              ElementsAre("\uB809\uC2A4"));
}

TEST(PromptWords, WhatLooksLikeATokenButIsNoneIsTold) {
  const PromptWords words = Find("<rex> and <rec>, a < b > c, <>, <, <<x>>", {"<rex>"});
  EXPECT_THAT(words.unknown, ElementsAre("<rec>", "<x>"));
  EXPECT_THAT(words.tokens, ElementsAre("<rex>"));
  EXPECT_THAT(words.network_calls, IsEmpty());
  EXPECT_THAT(AboutUnknownWord("<rec>"), HasSubstr("token <rec>; the model reads it as ordinary"));
}

TEST(PromptWords, CallsOfNetworksAreTold) {
  const PromptWords words =
      Find("<lora:my style (v2):0.8> a <LoRA:x:1> <hypernet:y> <lora>", {"<rex>"});
  EXPECT_THAT(words.network_calls,
              ElementsAre("<LoRA:x:1>", "<hypernet:y>", "<lora:my style (v2):0.8>"));
  EXPECT_THAT(words.unknown, ElementsAre("<lora>"));
  EXPECT_THAT(AboutNetworkCall("<LoRA:x:1>"), HasSubstr("<LoRA:x:1> calls a LoRA"));
  EXPECT_THAT(Find("<lora:x:1>", {"<lora:x:1>"}).network_calls, IsEmpty()) << "a token's name";
}

TEST(PromptWords, APromptThatCannotBeReadHasNone) {
  EXPECT_THAT(Find("<rex> (a:1000)", {"<rex>"}).tokens, IsEmpty());
  EXPECT_THAT(Find("<rex> \x80", {"<rex>"}).tokens, IsEmpty());
}

}  // namespace
}  // namespace imprint
