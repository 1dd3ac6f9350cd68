#include "text/concept_vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "text/clip_tokenizer.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

const ClipTokenizer& Tokenizer() {
  static const ClipTokenizer* const tokenizer = new ClipTokenizer(
      *ClipTokenizer::Load(std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo/tokenizer"));
  return *tokenizer;
}

std::string MatchedToken(const ConceptVocabulary& concepts, absl::string_view text, size_t at) {
  const ConceptVocabulary::Entry* entry = concepts.Match(text, at);
  return entry == nullptr ? "" : entry->token;
}

TEST(ConceptVocabulary, TheLongestTokenWins) {
  ConceptVocabulary concepts;
  for (const char* token : {"<cat>", "<cat>2", "<cat2>"}) {
    ASSERT_THAT(concepts.Add(token, 1, Tokenizer()), Succeeds());
  }
  EXPECT_EQ(MatchedToken(concepts, "<cat2> x", 0), "<cat2>");
  EXPECT_EQ(MatchedToken(concepts, "<cat>2", 0), "<cat>2");
  EXPECT_EQ(MatchedToken(concepts, "<cat>3", 0), "<cat>");
}

TEST(ConceptVocabulary, ATokenNeverMatchesInsideAWord) {
  ConceptVocabulary concepts;
  ASSERT_THAT(concepts.Add("zorb", 1, Tokenizer()), Succeeds());
  EXPECT_EQ(MatchedToken(concepts, "zorb", 0), "zorb");
  EXPECT_EQ(MatchedToken(concepts, "a zorb!", 2), "zorb");
  EXPECT_EQ(MatchedToken(concepts, "zorbs", 0), "");
  EXPECT_EQ(MatchedToken(concepts, "éclairzorb", 7), "");
  EXPECT_EQ(MatchedToken(concepts, "zorb2", 0), "");
}

TEST(ConceptVocabulary, RowsAreNumberedInOrder) {
  ConceptVocabulary concepts;
  ASSERT_THAT(concepts.Add("<a1>", 3, Tokenizer()), Succeeds());
  ASSERT_THAT(concepts.Add("<b1>", 2, Tokenizer()), Succeeds());
  EXPECT_EQ(concepts.entries()[1].first_row, 3);
  EXPECT_EQ(concepts.rows(), 5);
}

TEST(ConceptVocabulary, RefusesTokensThatCannotWork) {
  ConceptVocabulary concepts;
  ASSERT_THAT(concepts.Add("<Mia>", 1, Tokenizer()), Succeeds());
  for (const auto& [token, part] : std::vector<std::pair<std::string, std::string>>{
           {"", "got \"\""},
           {"my dog", "without spaces"},
           {"a\xC2\xA0z", "without spaces"},
           {"a\x01z", "control"},
           {"mascot", "already in the model's vocabulary"},
           {"MASCOT", "already in the model's vocabulary"},
           {"<|endoftext|>", "<|"},
           {"<mia>", "\"<Mia>\" is taken"},
           {"\xFF", "UTF-8"},
           {std::string(101, 'x'), "100 bytes"}}) {
    EXPECT_THAT(concepts.Add(token, 1, Tokenizer()), RefusesNaming(Parts{"token: ", part}))
        << token;
  }
  EXPECT_EQ(concepts.rows(), 1);
}

}  // namespace
}  // namespace imprint
