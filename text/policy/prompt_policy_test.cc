#include "text/policy/prompt_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "text/policy/folded_words.h"

namespace imprint {
namespace {

PromptPolicy Policy() {
  PromptPolicy policy;
  EXPECT_THAT(policy.Block("sword", "no weapons"), Succeeds());
  EXPECT_THAT(policy.Block("gun*", ""), Succeeds());
  EXPECT_THAT(policy.Block("Blood and Gore", ""), Succeeds());
  EXPECT_THAT(policy.Block("bum", ""), Succeeds());
  EXPECT_THAT(policy.Block("über", ""), Succeeds());
  EXPECT_THAT(policy.Allow("glue gun"), Succeeds());
  EXPECT_THAT(policy.Allow("paper sword fight"), Succeeds());
  return policy;
}

bool IsBlocked(absl::string_view prompt, PromptStyle style = PromptStyle::kEmphasis) {
  return Policy().Find(prompt, style).has_value();
}

TEST(PromptPolicy, BlocksWordsWhereverTheyStand) {
  EXPECT_TRUE(IsBlocked("a knight with a sword"));
  EXPECT_TRUE(IsBlocked("SWORD, shield"));
  EXPECT_TRUE(IsBlocked("<sword> in the snow")) << "a token, too";
  EXPECT_TRUE(IsBlocked("two guns"));
  EXPECT_TRUE(IsBlocked("blood, and... gore"));
  EXPECT_FALSE(IsBlocked("blood and bones of gore"));
  EXPECT_FALSE(IsBlocked("a swordfish")) << "another word";
  EXPECT_FALSE(IsBlocked(""));
}

TEST(PromptPolicy, SaysWhatItFoundAndWhy) {
  const auto found = Policy().Find("a Sw0rd", PromptStyle::kEmphasis);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->phrase, "sword");
  EXPECT_EQ(found->found, "Sw0rd");
  EXPECT_EQ(found->reason, "no weapons");
}

TEST(PromptPolicy, SeesThroughDisguises) {
  EXPECT_TRUE(IsBlocked("a sw\u043Erd")) << "Cyrillic o";
  EXPECT_TRUE(IsBlocked("a \uFF53\uFF57\uFF4F\uFF52\uFF44")) << "full width";
  EXPECT_TRUE(IsBlocked("a sw\u00ADord")) << "a soft hyphen inside";
  EXPECT_TRUE(IsBlocked("a sw0rd"));
  EXPECT_TRUE(IsBlocked("a \U0001D530\U0001D534\U0001D52C\U0001D52F\U0001D521")) << "Fraktur";
  EXPECT_TRUE(IsBlocked("\u00DCBER")) << "composed";
  EXPECT_TRUE(IsBlocked("u\u0308ber")) << "decomposed";
  EXPECT_FALSE(IsBlocked("a burn")) << "whose skeleton is that of \"bum\"";
}

TEST(PromptPolicy, SignsOfEmphasisHideNothing) {
  EXPECT_TRUE(IsBlocked("a (sword:1.3)"));
  EXPECT_TRUE(IsBlocked("blood (and) [gore]"));
  EXPECT_TRUE(IsBlocked("a sw(or)d")) << "the letters are read one after the other";
  EXPECT_TRUE(IsBlocked("a sw\\ord")) << "a backslash is dropped";
}

TEST(PromptPolicy, AllowedPhrasesMayHaveBlockedWords) {
  EXPECT_FALSE(IsBlocked("a glue gun on a table"));
  EXPECT_TRUE(IsBlocked("a glue gun and a gun"));
  EXPECT_TRUE(IsBlocked("a paper sword"));
  EXPECT_FALSE(IsBlocked("a paper sword fight"));
}

TEST(PromptPolicy, PhrasesNeedWords) {
  PromptPolicy policy;
  EXPECT_THAT(policy.Block("...", ""),
              Fails(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr("no word")));
  EXPECT_THAT(policy.Block("s*d", ""),
              Fails(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr("end of a word")));
  EXPECT_THAT(policy.Block("*", ""),
              Fails(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr("no word")));
}

}  // namespace
}  // namespace imprint
