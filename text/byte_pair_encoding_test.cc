#include "text/byte_pair_encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

const std::filesystem::path kTokenizer =
    std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo/tokenizer";

BytePairEncoding Clip() {
  return *BytePairEncoding::Load(kTokenizer / "vocab.json", kTokenizer / "merges.txt");
}

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

TEST(BytePairEncoding, RefusesFilesThatDoNotBelongTogether) {
  const ScratchFolder folder;
  const auto merges = folder.Write("merges.txt", "#version: 0.2\ni n</w>\nqqq qq\n");
  EXPECT_THAT(BytePairEncoding::Load(kTokenizer / "vocab.json", merges),
              RefusesNaming(Parts{"merges.txt: line 3", "qqq qq"}));
  EXPECT_THAT(BytePairEncoding::Load(folder.Write("vocab.json", R"({"a": -1})"), merges),
              RefusesNaming(Parts{"vocab.json", "\"a\"", "-1"}));
  EXPECT_THAT(BytePairEncoding::Load(folder.Write("vocab.json", R"({"a": 1})"), merges),
              RefusesNaming(Parts{"vocab.json", "byte 0"}));
  EXPECT_THAT(BytePairEncoding::Load(folder.path() / "none.json", merges),
              Fails(absl::StatusCode::kNotFound, HasSubstr("none.json")));
}

}  // namespace
}  // namespace imprint
