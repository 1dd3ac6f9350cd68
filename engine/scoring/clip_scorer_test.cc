#include "engine/scoring/clip_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

const fs::path kDemo = fs::path(IMPRINT_SOURCE_DIR) / "models/demo";

TEST(ClipScorer, FeaturesAreUnitDirections) {
  ASSERT_OK_AND_ASSIGN(const auto scorer, ClipScorer::Load(kDemo / "clip", kDemo / "tokenizer"));
  ASSERT_OK_AND_ASSIGN(
      const auto pictures,
      scorer->EmbedPictures({{RgbImage::Blank(64, 64, 30), RgbImage::Blank(64, 64, 200)}}));
  const std::vector<std::string> texts = {"a mascot in the snow"};
  ASSERT_OK_AND_ASSIGN(const auto words, scorer->EmbedTexts(texts));
  EXPECT_NEAR(CosineSimilarity(pictures[0], pictures[0]), 1, 1e-5);
  EXPECT_NEAR(CosineSimilarity(words[0], words[0]), 1, 1e-5);
  EXPECT_LT(CosineSimilarity(pictures[0], pictures[1]), 0.999);
}

TEST(ClipScorer, ManyPicturesAreEmbeddedAsOne) {
  ASSERT_OK_AND_ASSIGN(const auto scorer, ClipScorer::Load(kDemo / "clip", kDemo / "tokenizer"));
  std::vector<RgbImage> pictures;
  for (int i = 0; i < 40; ++i)
    pictures.push_back(RgbImage::Blank(64, 64, static_cast<uint8_t>(6 * i)));
  ASSERT_OK_AND_ASSIGN(const auto all, scorer->EmbedPictures(pictures));
  ASSERT_OK_AND_ASSIGN(const auto one, scorer->EmbedPictures({&pictures[37], 1}));
  ASSERT_EQ(all.size(), 40u);
  EXPECT_NEAR(CosineSimilarity(all[37], one[0]), 1, 1e-5);
}

TEST(ClipScorer, RefusesOtherSizes) {
  ASSERT_OK_AND_ASSIGN(const auto scorer, ClipScorer::Load(kDemo / "clip", kDemo / "tokenizer"));
  const RgbImage wide = RgbImage::Blank(65, 64);
  EXPECT_THAT(scorer->EmbedPictures({&wide, 1}), RefusesNaming(Parts{"65×64", "64×64"}));
}

TEST(ClipScorer, MissingFilesAreNamed) {
  const ScratchFolder folder;
  EXPECT_THAT(ClipScorer::Load(folder.path(), kDemo / "tokenizer").status(),
              Fails(absl::StatusCode::kNotFound, HasSubstr("config.json")));
  fs::copy(kDemo / "clip/config.json", folder.path() / "config.json");
  EXPECT_THAT(ClipScorer::Load(folder.path(), kDemo / "tokenizer").status(),
              Fails(absl::StatusCode::kNotFound, HasSubstr("model.safetensors")));
}

TEST(MeanSimilarity, IsOverAllPairs) {
  const std::vector<ClipFeature> a = {{1, 0}, {0, 1}};
  const std::vector<ClipFeature> b = {{1, 0}};
  EXPECT_DOUBLE_EQ(MeanSimilarity(a, b), 0.5);
  EXPECT_DOUBLE_EQ(MeanSimilarity(a, {}), 0);
}

}  // namespace
}  // namespace imprint::engine
