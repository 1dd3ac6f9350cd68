#include "engine/scoring/safety_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

const fs::path kDemoModel = fs::path(IMPRINT_SOURCE_DIR) / "models/demo";

// That scores and verdicts are Diffusers' own is shown in tests/parity.
TEST(CheckSafety, ScoresEveryConcept) {
  ASSERT_OK_AND_ASSIGN(const auto model, BaseModel::Load(kDemoModel));
  ASSERT_OK_AND_ASSIGN(const int size, SafetyPictureSize(*model));
  ASSERT_OK_AND_ASSIGN(const auto scores,
                       CheckSafety(*model, {{RgbImage::Blank(size, size, 128)}}));
  ASSERT_EQ(scores.size(), 1u);
  EXPECT_EQ(scores[0].concepts.size(), 17u);
  EXPECT_EQ(scores[0].special_care.size(), 3u);
  EXPECT_FALSE(scores[0].Blocked());
}

TEST(CheckSafety, RefusesOtherSizes) {
  ASSERT_OK_AND_ASSIGN(const auto model, BaseModel::Load(kDemoModel));
  EXPECT_THAT(CheckSafety(*model, {{RgbImage::Blank(8, 8)}}), RefusesNaming(Parts{"8×8", "64×64"}));
}

TEST(CheckSafety, AModelWithoutACheckerFailsClosed) {
  const ScratchFolder folder;
  for (const char* name : {"text_encoder", "unet", "vae", "tokenizer", "scheduler"}) {
    fs::copy(kDemoModel / name, folder.path() / name);
  }
  fs::copy(kDemoModel / "model_index.json", folder.path() / "model_index.json");
  ASSERT_OK_AND_ASSIGN(const auto model, BaseModel::Load(folder.path()));
  EXPECT_THAT(CheckSafety(*model, {}),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("no safety checker")));
}

TEST(SafetyScores, OnlyConceptsBlock) {
  EXPECT_FALSE((SafetyScores{.special_care = {0.2}, .concepts = {0.0, -0.1}}.Blocked()));
  EXPECT_TRUE((SafetyScores{.special_care = {}, .concepts = {-0.1, 0.001}}.Blocked()));
}

}  // namespace
}  // namespace imprint::engine
