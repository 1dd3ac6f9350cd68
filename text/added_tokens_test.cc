#include "text/added_tokens.h"

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "text/clip_tokenizer.h"

namespace imprint {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Parts = std::vector<std::string>;

// tests/parity holds all of this against transformers; here is what needs no Python.
class AddedTokensTest : public ::testing::Test {
 protected:
  AddedTokensTest() : vocabulary_(*BytePairEncoding::Clip()) {}

  absl::StatusOr<AddedTokens> Load() const {
    return AddedTokens::Load(folder_.path(), vocabulary_);
  }

  // "content id" of each token.
  std::vector<std::string> Loaded() const {
    std::vector<std::string> tokens;
    const auto added = Load();
    if (!added.ok()) return {std::string(added.status().message())};
    for (const AddedTokens::Token& token : added->tokens()) {
      tokens.push_back(token.content + " " + std::to_string(token.id));
    }
    return tokens;
  }

  ScratchFolder folder_;
  BytePairEncoding vocabulary_;
};

TEST_F(AddedTokensTest, AreNoneWhereNoFileHasThem) {
  EXPECT_THAT(Loaded(), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const AddedTokens none, Load());
  EXPECT_EQ(none.Spread("a <rex>"), "a <rex>");
  EXPECT_EQ(none.end_id(), 0);
}

TEST_F(AddedTokensTest, FollowTheVocabularyInTheOrderOfTheirIds) {
  folder_.Write("added_tokens.json", R"({"<b>": 49410, "<a>": 49408, "<|endoftext|>": 49407})");
  EXPECT_THAT(Loaded(), ElementsAre("<a> 49408", "<b> 49409"));
  folder_.Write("tokenizer.json", R"({"added_tokens": [
      {"id": 49410, "content": "<c>", "special": false}, {"id": 49407, "content": "dog"}]})");
  EXPECT_THAT(Loaded(), ElementsAre("dog 4326", "<a> 49408", "<c> 49409"));
}

TEST_F(AddedTokensTest, OfADecoderCountAlone) {
  folder_.Write("added_tokens.json", R"({"<a>": 49408})");
  folder_.Write("tokenizer_config.json",
                R"({"added_tokens_decoder": {"49409": {"content": "<b>"}},
                    "extra_special_tokens": ["<b>", "<c>"]})");
  EXPECT_THAT(Loaded(), ElementsAre("<b> 49408", "<c> 49409"));
  folder_.Write("tokenizer_config.json", R"({"added_tokens_decoder": {}})");
  EXPECT_THAT(Loaded(), IsEmpty());
}

TEST_F(AddedTokensTest, TheLongestAtAPlaceIsFound) {
  folder_.Write("added_tokens.json",
                R"({"<a": 49408, "<a>": 49409, "<A>": 49410, "<a>b": 49411, "<\u00e9>": 49412})");
  ASSERT_OK_AND_ASSIGN(const AddedTokens added, Load());
  const auto longest = [&](absl::string_view text, size_t position) {
    const AddedTokens::Token* token = added.LongestAt(text, position, /*normalized=*/true);
    return token == nullptr ? "" : token->content;
  };
  EXPECT_EQ(longest("x<a>bc", 1), "<a>b");
  EXPECT_EQ(longest("<a>c", 0), "<a>") << "of two found as the same, the first";
  EXPECT_EQ(longest("<a", 0), "<a");
  EXPECT_EQ(longest("<b", 0), "");
  EXPECT_EQ(longest("<\u00e9>", 0), "<\u00e9>");
  EXPECT_EQ(longest("<", 0), "");
  EXPECT_EQ(added.LongestAt("<a>", 0, /*normalized=*/false), nullptr);
}

// One by one, this took minutes: a test of its own time limit and no clock.
TEST_F(AddedTokensTest, TenThousandAreFoundWithoutLookingAtEach) {
  nlohmann::json tokens;
  for (int i = 0; i < 10'000; ++i) {
    tokens[i == 0 ? "<rex>" : absl::StrCat("<rex>_", i)] = 49'408 + i;
  }
  folder_.Write("added_tokens.json", tokens.dump());
  ASSERT_OK_AND_ASSIGN(const AddedTokens added, Load());
  EXPECT_EQ(added.end_id(), 59'408);
  std::string prompt;
  for (int i = 0; i < 200'000; ++i) prompt += "<rex";
  EXPECT_EQ(added.Split(prompt, /*normalized=*/true).size(), 1U);
  EXPECT_EQ(added.Spread("<rex>").size(), 10'000 * 5 + 9'999 * 2 + 9 + 180 + 2'700 + 36'000);
}

TEST_F(AddedTokensTest, AreNamedWhereTheyCannotBe) {
  folder_.Write("added_tokens.json", R"({"<a>": "first"})");
  EXPECT_THAT(Load(), RefusesNaming(Parts{"added_tokens.json", "<a>", "first"}));
  folder_.Write("added_tokens.json", "{}");
  folder_.Write("tokenizer.json", R"({"added_tokens": [{"id": 1}]})");
  EXPECT_THAT(Load(), RefusesNaming(Parts{"tokenizer.json: added_tokens", "content"}));
  folder_.Write("tokenizer.json", R"({"added_tokens": [{"id": 1, "content": ""}]})");
  EXPECT_THAT(Load(), RefusesNaming(Parts{"content", "\"\""}));
  folder_.Write("tokenizer.json", R"({"added_tokens": 7})");
  EXPECT_THAT(Load(), RefusesNaming(Parts{"added_tokens", "number"}));
  folder_.Write("tokenizer_config.json",
                R"({"added_tokens_decoder": {"one": {"content": "<b>"}}})");
  EXPECT_THAT(Load(), RefusesNaming(Parts{"added_tokens_decoder", "\"one\""}));
}

TEST_F(AddedTokensTest, OneWordStandsForAllVectorsOfAConcept) {
  folder_.Write("added_tokens.json",
                R"({"<rex>": 49408, "<rex>_1": 49409, "<rex>_2": 49410, "<mia>": 49411})");
  ASSERT_OK_AND_ASSIGN(const AddedTokens added, Load());
  EXPECT_EQ(added.Spread("<rex>, <mia>"), "<rex> <rex>_1 <rex>_2, <mia>");
  EXPECT_EQ(added.Spread("<REX>"), "<REX>");
  EXPECT_EQ(added.Spread("rex"), "rex");
}

TEST_F(AddedTokensTest, WithoutARowAreTakenAway) {
  folder_.Write("added_tokens.json", R"({"<a>": 49408, "<b>": 49409})");
  ASSERT_OK_AND_ASSIGN(AddedTokens added, Load());
  EXPECT_THAT(added.Limit(49'409), ElementsAre("<b>"));
  EXPECT_EQ(added.end_id(), 49'409);
}

// The tokens' ids in a prompt, without start, end and padding.
std::vector<int32_t> Ids(const ScratchFolder& folder, const std::string& prompt,
                         const ConceptVocabulary& concepts = {}) {
  for (const char* name : {"vocab.json", "merges.txt"}) {
    std::error_code exists;
    std::filesystem::copy_file(
        std::filesystem::path(IMPRINT_SOURCE_DIR "/models/demo/tokenizer") / name,
        folder.path() / name, exists);
  }
  const ClipTokenizer tokenizer = *ClipTokenizer::Load(folder.path());
  const TokenizedPrompt encoded = tokenizer.Encode(prompt, concepts);
  return {encoded.ids.begin() + 1, encoded.ids.begin() + 1 + encoded.kept};
}

TEST_F(AddedTokensTest, AreFoundInsideWordsAndInAnyCase) {
  folder_.Write("added_tokens.json", R"({"<cat-toy>": 49408, "rexo": 49409, "My Cat": 49410})");
  EXPECT_THAT(Ids(folder_, "x<CAT-toy>y"), ElementsAre(343, 49408, 344));
  EXPECT_THAT(Ids(folder_, "tRexos"), ElementsAre(339, 49409, 338));
  EXPECT_THAT(Ids(folder_, "my  cats"), ElementsAre(49410, 338));
}

TEST_F(AddedTokensTest, KeepWhatTheirFlagsSay) {
  folder_.Write("tokenizer_config.json", R"({"added_tokens_decoder": {
      "49408": {"content": "<Cat>", "normalized": false},
      "49409": {"content": "zog", "single_word": true}}})");
  EXPECT_THAT(Ids(folder_, "<Cat><cat>"), ElementsAre(49408, 283, 2368, 285));
  EXPECT_THAT(Ids(folder_, "zog zog's"), ElementsAre(49409, 49409, 568));
  EXPECT_THAT(Ids(folder_, "zogs"), Not(Contains(49409)));
}

TEST_F(AddedTokensTest, DoNotMakeAPromptGrowWithoutEnd) {
  std::vector<std::string> tokens = {"Z", "_", "__", "___"};
  for (int token = 0; token < 4; ++token) {
    for (int i = 1; i <= 99; ++i) tokens.push_back(tokens[token] + "_" + std::to_string(i));
  }
  folder_.Write("tokenizer_config.json", nlohmann::json({{"extra_special_tokens", tokens}}).dump());
  ASSERT_OK_AND_ASSIGN(const AddedTokens added, Load());
  EXPECT_GT(added.Spread("Z").size(), 400);
  EXPECT_LE(added.Spread("Z ___ __ _").size(), 1 << 20);
}

TEST_F(AddedTokensTest, AreNotMoreThanCanBeLookedFor) {
  nlohmann::json tokens;
  for (int i = 0; i <= 10'000; ++i) tokens[absl::StrCat("<", i, ">")] = 49'408 + i;
  folder_.Write("added_tokens.json", tokens.dump());
  EXPECT_THAT(Load(), RefusesNaming(Parts{"added tokens", "10001", "10000"}));
}

TEST_F(AddedTokensTest, AndConceptsGoByTheLongest) {
  folder_.Write("added_tokens.json", R"({"rexo": 49408, "<mia>_2": 49409})");
  Ids(folder_, "");  // so that the vocabulary lies there
  const ClipTokenizer tokenizer = *ClipTokenizer::Load(folder_.path());
  ConceptVocabulary concepts;
  ASSERT_THAT(concepts.Add("<rexo>", 1, tokenizer), Succeeds());
  ASSERT_THAT(concepts.Add("<mia>", 1, tokenizer), Succeeds());
  const TokenizedPrompt prompt = tokenizer.Encode("<rexo> <mia>_2", concepts);
  EXPECT_EQ(prompt.concept_places.size(), 1);
  EXPECT_EQ(prompt.ids[2], 49409);
  EXPECT_THAT(concepts.Add("rexo", 1, tokenizer), RefusesNaming(Parts{"already in the model's"}));
}

}  // namespace
}  // namespace imprint
