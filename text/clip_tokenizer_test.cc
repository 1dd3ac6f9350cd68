#include "text/clip_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

const std::filesystem::path kTokenizerFolder =
    std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo/tokenizer";
constexpr int32_t kStart = 49406;
constexpr int32_t kEnd = 49407;

const ClipTokenizer& TestTokenizer() {
  static const ClipTokenizer* const tokenizer =
      new ClipTokenizer(*ClipTokenizer::Load(kTokenizerFolder));
  return *tokenizer;
}

// tests/parity compares thousands of strings with transformers; these are the published examples.
TEST(ClipTokenizer, GivesClipsIds) {
  const TokenizedPrompt prompt = TestTokenizer().Encode("a photo of a cat", {});
  EXPECT_EQ(prompt.ids.size(), 77u);
  EXPECT_THAT(std::vector(prompt.ids.begin(), prompt.ids.begin() + 8),
              ElementsAre(kStart, 320, 1125, 539, 320, 2368, kEnd, kEnd));
  EXPECT_EQ(prompt.tokens, 5);
}

TEST(ClipTokenizer, TheStandardOneIsClips) {
  ASSERT_OK_AND_ASSIGN(const ClipTokenizer standard, ClipTokenizer::Standard("!"));
  EXPECT_EQ(standard.vocabulary_size(), 49408);
  for (const char* text :
       {"a photo of a cat", "Ærøskøbing 東京 🦊, it's 12.5 %", "\t<|startoftext|>"}) {
    EXPECT_EQ(standard.EncodeBare(text), TestTokenizer().EncodeBare(text)) << text;
  }
  EXPECT_EQ(standard.Encode("cat", {}).ids.back(), 0) << "the padding that was asked for";
}

TEST(ClipTokenizer, CaseSpacingAndFormOfAccentsDoNotMatter) {
  EXPECT_EQ(TestTokenizer().EncodeBare("  A\tCafe\xCC\x81\n"),
            TestTokenizer().EncodeBare("a café"));
}

TEST(ClipTokenizer, SpecialTokensInTheTextAreTheirIds) {
  EXPECT_THAT(TestTokenizer().EncodeBare("a<|endoftext|><|STARTOFTEXT|>cat"),
              ElementsAre(320, kEnd, kStart, 2368));
}

TEST(ClipTokenizer, ALongPromptIsCutAndSaysSo) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "cat ";
  const TokenizedPrompt prompt = TestTokenizer().Encode(text, {});
  EXPECT_EQ(prompt.ids.size(), 77u);
  EXPECT_EQ(prompt.ids[75], 2368);
  EXPECT_EQ(prompt.ids[76], kEnd);
  EXPECT_EQ(prompt.tokens, 100);
  EXPECT_EQ(prompt.kept, 75);
}

TEST(ClipTokenizer, AConceptsVectorsTakeConsecutivePlaces) {
  ConceptVocabulary concepts;
  ASSERT_THAT(concepts.Add("<pip>", 2, TestTokenizer()), Succeeds());
  ASSERT_THAT(concepts.Add("<mo>", 1, TestTokenizer()), Succeeds());
  const TokenizedPrompt prompt = TestTokenizer().Encode("a <MO> and <pip>'s cat", concepts);
  std::vector<std::pair<int, int>> places;
  for (const ConceptPlace& place : prompt.concept_places) {
    places.emplace_back(place.position, place.row);
  }
  EXPECT_THAT(places, ElementsAre(std::pair(2, 2), std::pair(4, 0), std::pair(5, 1)));
  EXPECT_EQ(prompt.ids[6], 568);  // 's
}

// "cat" n times.
std::string Cats(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += "cat ";
  return text;
}

std::vector<int> KeptByChunk(const ChunkedPrompt& prompt) {
  std::vector<int> kept;
  for (const TokenizedPrompt& chunk : prompt.chunks) kept.push_back(chunk.kept);
  return kept;
}

TEST(ClipTokenizer, OneChunkIsWhatEncodeGives) {
  for (const std::string& text :
       {std::string(), std::string("a photo, of a <|endoftext|> cat"), Cats(75)}) {
    const TokenizedPrompt alone = TestTokenizer().Encode(text, {});
    const ChunkedPrompt chunked = TestTokenizer().EncodeChunks({{{text}}}, {});
    ASSERT_EQ(chunked.chunks.size(), 1u);
    EXPECT_EQ(chunked.chunks[0].ids, alone.ids);
    EXPECT_EQ(chunked.kept, alone.kept);
    EXPECT_EQ(chunked.weights, std::vector<float>(77, 1));
  }
}

TEST(ClipTokenizer, ALongPromptGoesOnInChunks) {
  const ChunkedPrompt prompt = TestTokenizer().EncodeChunks({{{Cats(76)}}}, {});
  EXPECT_THAT(KeptByChunk(prompt), ElementsAre(75, 1));
  EXPECT_EQ(prompt.chunks[1].ids, TestTokenizer().Encode("cat", {}).ids);
  EXPECT_EQ(prompt.tokens, 76);
  EXPECT_EQ(prompt.kept, 76);
  EXPECT_THAT(KeptByChunk(TestTokenizer().EncodeChunks({{{Cats(150)}}}, {})), ElementsAre(75, 75));
}

TEST(ClipTokenizer, WeightsStandAtTheirTokens) {
  const std::vector<WeightedText> pieces = {{"a "}, {"big cat", 1.5}, {" cat"}};
  const ChunkedPrompt prompt = TestTokenizer().EncodeChunks(pieces, {});
  EXPECT_EQ(prompt.chunks[0].ids, TestTokenizer().Encode("a big cat cat", {}).ids);
  EXPECT_THAT(std::vector(prompt.weights.begin(), prompt.weights.begin() + 6),
              ElementsAre(1, 1, 1.5F, 1.5F, 1, 1));
  EXPECT_EQ(prompt.weights.size(), 77u);
}

TEST(ClipTokenizer, ABreakStartsAChunk) {
  const auto kept = [](const std::vector<WeightedText>& pieces) {
    return KeptByChunk(TestTokenizer().EncodeChunks(pieces, {}));
  };
  EXPECT_THAT(kept({{"a cat"}, {"a", 1, true}}), ElementsAre(2, 1));
  EXPECT_THAT(kept({{""}, {"a", 1, true}}), ElementsAre(0, 1));
  EXPECT_THAT(kept({{"a"}, {"", 1, true}, {"", 1, true}}), ElementsAre(1, 0));
  EXPECT_THAT(kept({{"a"}, {"", 1, true}}), ElementsAre(1));
}

TEST(ClipTokenizer, NoMoreThanSoManyChunksAreRead) {
  const ChunkedPrompt prompt = TestTokenizer().EncodeChunks({{{Cats(700)}}}, {});
  EXPECT_EQ(prompt.chunks.size(), 8u);
  EXPECT_EQ(prompt.weights.size(), 8u * 77);
  EXPECT_EQ(prompt.tokens, 700);
  EXPECT_EQ(prompt.kept, 600);
  const std::vector<WeightedText> breaks(20, {"cat", 1, true});
  EXPECT_EQ(TestTokenizer().EncodeChunks(breaks, {}).tokens, 20);
  EXPECT_EQ(TestTokenizer().EncodeChunks(breaks, {}).kept, 7);  // the first chunk is empty
}

TEST(ClipTokenizer, AConceptIsNeverSplitOverChunks) {
  ConceptVocabulary concepts;
  ASSERT_THAT(concepts.Add("<pip>", 3, TestTokenizer()), Succeeds());
  const auto encode = [&](const std::string& text) {
    return TestTokenizer().EncodeChunks({{{text}}}, concepts);
  };
  EXPECT_THAT(KeptByChunk(encode(Cats(72) + "<pip> a")), ElementsAre(75, 1));
  const ChunkedPrompt prompt = encode(Cats(73) + "<pip> a");
  EXPECT_THAT(KeptByChunk(prompt), ElementsAre(73, 4));
  ASSERT_EQ(prompt.chunks[1].concept_places.size(), 3u);
  EXPECT_EQ(prompt.chunks[1].concept_places[0].position, 1);
  EXPECT_EQ(prompt.chunks[0].ids, TestTokenizer().Encode(Cats(73), {}).ids);

  // One that no chunk has room for has to be.
  ASSERT_THAT(concepts.Add("<long>", 80, TestTokenizer()), Succeeds());
  EXPECT_THAT(KeptByChunk(encode("a <long> b")), ElementsAre(1, 75, 6));
}

TEST(ClipTokenizer, APiecesEndIsAWordsEnd) {
  ConceptVocabulary concepts;
  ASSERT_THAT(concepts.Add("zorb", 1, TestTokenizer()), Succeeds());
  const auto places = [&](const std::vector<WeightedText>& pieces) {
    return TestTokenizer().EncodeChunks(pieces, concepts).chunks[0].concept_places.size();
  };
  EXPECT_EQ(places({{"zorb", 1.2}, {"s"}}), 1u);  // (zorb:1.2)s, as in "(zorb)s"
  EXPECT_EQ(places({{"zorbs"}}), 0u);
  EXPECT_EQ(places({{"zo"}, {"rb", 1.2}}), 0u);
}

TEST(ClipTokenizer, PaddingIsTheModelsOwn) {
  // As in Stable Diffusion 2.
  const ScratchFolder folder;
  std::filesystem::copy(kTokenizerFolder / "vocab.json", folder.path() / "vocab.json");
  std::filesystem::copy(kTokenizerFolder / "merges.txt", folder.path() / "merges.txt");
  folder.Write("special_tokens_map.json", R"({"pad_token": "!"})");
  ASSERT_OK_AND_ASSIGN(const ClipTokenizer tokenizer, ClipTokenizer::Load(folder.path()));
  EXPECT_EQ(tokenizer.Encode("", {}).ids[1], kEnd);
  EXPECT_EQ(tokenizer.Encode("", {}).ids[2], 0);
  // What transformers gives: "!" is no punctuation any more, wherever it stands.
  EXPECT_THAT(tokenizer.EncodeBare("wow!"), ElementsAre(2781, 0));
  EXPECT_THAT(tokenizer.EncodeBare("A!!b"), ElementsAre(320, 0, 0, 321));
}

TEST(ClipTokenizer, MissingFilesAreNamed) {
  const ScratchFolder folder;
  EXPECT_THAT(ClipTokenizer::Load(folder.path()),
              Fails(absl::StatusCode::kNotFound, HasSubstr("vocab.json")));
}

}  // namespace
}  // namespace imprint
