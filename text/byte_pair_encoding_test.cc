#include "text/byte_pair_encoding.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

const std::filesystem::path kTokenizer =
    std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo/tokenizer";

BytePairEncoding Clip() { return *BytePairEncoding::Load(kTokenizer); }

TEST(BytePairEncoding, MergesByRankThenFromTheLeft) {
  const BytePairEncoding clip = Clip();
  std::vector<int32_t> ids;
  clip.EncodeWord("mascot", ids);
  EXPECT_THAT(ids, ElementsAre(clip.Find("mascot</w>")));
  ids.clear();
  clip.EncodeWord("aaaaa", ids);  // what transformers gives for it
  EXPECT_THAT(ids, ElementsAre(clip.Find("aaaaa</w>")));
}

TEST(BytePairEncoding, EveryByteHasATokenInsideAndAtTheEndOfAWord) {
  const BytePairEncoding clip = Clip();
  for (int byte = 0; byte < 256; ++byte) {
    std::vector<int32_t> ids;
    clip.EncodeWord(std::string(1, static_cast<char>(byte)), ids);
    EXPECT_EQ(ids.size(), 1u) << byte;
  }
}

TEST(BytePairEncoding, AMegabyteWordIsNoQuadraticTrap) {
  std::vector<int32_t> ids;
  std::string word;
  while (word.size() < 1'000'000) word += "abcdefgh";
  Clip().EncodeWord(word, ids);  // with n^2 merging it would outlast the test's time limit
  EXPECT_GT(ids.size(), 100'000u);
}

// The same vocabulary as newer transformers write it.
std::string TokenizerJson(bool merges_as_pairs) {
  nlohmann::json merges = nlohmann::json::array();
  std::ifstream lines(kTokenizer / "merges.txt");
  std::string left, right;
  std::getline(lines, left);  // #version
  while (lines >> left >> right) {
    if (merges_as_pairs) {
      merges.push_back({left, right});
    } else {
      merges.push_back(absl::StrCat(left, " ", right));
    }
  }
  const auto vocabulary = nlohmann::json::parse(std::ifstream(kTokenizer / "vocab.json"));
  return nlohmann::json{{"model", {{"vocab", vocabulary}, {"merges", merges}}}}.dump();
}

TEST(BytePairEncoding, ReadsTokenizerJsonToo) {
  const BytePairEncoding clip = Clip();
  for (const bool merges_as_pairs : {true, false}) {
    const ScratchFolder folder;
    folder.Write("tokenizer.json", TokenizerJson(merges_as_pairs));
    ASSERT_OK_AND_ASSIGN(const BytePairEncoding read, BytePairEncoding::Load(folder.path()));
    EXPECT_EQ(read.size(), clip.size());
    for (const char* word : {"mascot", "antidisestablishmentarianism", "naïve", "🎨"}) {
      std::vector<int32_t> ours, theirs;
      read.EncodeWord(word, ours);
      clip.EncodeWord(word, theirs);
      EXPECT_EQ(ours, theirs) << word;
    }
  }
}

TEST(BytePairEncoding, RefusesFilesThatDoNotBelongTogether) {
  const ScratchFolder folder;
  const auto load = [&] { return BytePairEncoding::Load(folder.path()).status(); };
  EXPECT_THAT(load(), Fails(absl::StatusCode::kNotFound, HasSubstr("vocab.json and merges.txt")));
  folder.Write("tokenizer.json", R"({"model": {"vocab": {"a": 1}, "merges": []}})");
  EXPECT_THAT(load(), RefusesNaming(Parts{"tokenizer.json", "vocab", "byte 0"}));
  auto damaged = nlohmann::json::parse(TokenizerJson(true));
  damaged["model"]["merges"] = nlohmann::json::array({{"i", "n</w>"}, {"qqq", "qq"}});
  folder.Write("tokenizer.json", damaged.dump());
  EXPECT_THAT(load(), RefusesNaming(Parts{"tokenizer.json", "merges", "qqq qq"}));
  damaged["model"]["merges"] = {7};
  folder.Write("tokenizer.json", damaged.dump());
  EXPECT_THAT(load(), RefusesNaming(Parts{"merges", "7", "pairs"}));

  folder.Write("merges.txt", "#version: 0.2\ni n</w>\nqqq qq\n");
  folder.Write("vocab.json", R"({"a": -1})");
  EXPECT_THAT(load(), RefusesNaming(Parts{"vocab.json", "\"a\"", "-1"}));
  folder.Write("vocab.json", R"({"a": 1})");
  EXPECT_THAT(load(), RefusesNaming(Parts{"vocab.json", "byte 0"}));
  std::filesystem::copy_file(kTokenizer / "vocab.json", folder.path() / "vocab.json",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(load(), RefusesNaming(Parts{"merges.txt: line 3", "qqq qq"}));
}

}  // namespace
}  // namespace imprint
