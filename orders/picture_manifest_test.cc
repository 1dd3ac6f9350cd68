#include "orders/picture_manifest.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

TEST(PictureManifest, ASecondPassIsThereOnlyWhereThereWasOne) {
  ManifestPicture picture = {.request = {.prompt = "a", .seed = 7, .steps = 3},
                             .finished = {64, 64}};
  nlohmann::json json = ToJson(picture);
  EXPECT_EQ(json["prompt"], "a");
  EXPECT_EQ(json["seed"], 7);
  EXPECT_EQ(json["steps"], 3);
  EXPECT_EQ(json["solver"], "ddim");
  EXPECT_FALSE(json.contains("upscale"));
  EXPECT_FALSE(json.contains("strength"));
  EXPECT_FALSE(json.contains("file")) << "it was blocked";
  picture.request.upscale = 2;
  picture.finished = {128, 128};
  json = ToJson(picture);
  EXPECT_EQ(json["upscale"].dump(), R"({"factor":2.0,"height":128,"strength":0.35,"width":128})");
  EXPECT_FALSE(json.contains("upscale_strength"));
}

class PictureManifestTest : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path() / kManifestName; }

  const ScratchFolder folder_;
};

TEST_F(PictureManifestTest, WhatIsWrittenIsReadByBothPrograms) {
  const PictureManifest manifest = {
      .base_model = {{"fingerprint", "abc"}},
      .embeddings = {{.token = "<pip>", .class_word = "mascot", .path = "/pip", .sha256 = "00"},
                     {.token = "<mia>", .name = "concepts/mia/embeddings/1", .sha256 = "11"}},
      .pictures = {{.request = {.prompt = "<pip>", .prompt_style = PromptStyle::kLiteral},
                    .file = "001.png",
                    .sha256 = "22"},
                   {.request = {.prompt = "blocked"}},
                   {.request = {.prompt = "a mascot"},
                    .comparison = true,
                    .file = "002.png",
                    .more = {{"item", "imageSets/a/items/0"}}}},
      .more = {{"imprint", "1"}}};
  ASSERT_THAT(WriteManifest(folder_.path(), manifest), Succeeds());

  ASSERT_OK_AND_ASSIGN(const ScoredPictures read, ReadScoredPictures(path()));
  ASSERT_EQ(read.pictures.size(), 2u) << "nothing was written of the blocked one";
  EXPECT_EQ(read.pictures[0].path, folder_.path() / "001.png");
  EXPECT_EQ(read.pictures[0].prompt, "<pip>");
  EXPECT_EQ(read.pictures[0].prompt_style, PromptStyle::kLiteral);
  EXPECT_FALSE(read.pictures[0].comparison);
  EXPECT_TRUE(read.pictures[1].comparison);
  EXPECT_EQ(read.class_words.at("<pip>"), "mascot");
  EXPECT_EQ(read.class_words.at("<mia>"), "");

  ASSERT_OK_AND_ASSIGN(const auto files, FilesInManifest(path()));
  EXPECT_THAT(files, ElementsAre(folder_.path() / "001.png", folder_.path() / "002.png"));

  const nlohmann::json json = nlohmann::json::parse(FileContent(path()));
  EXPECT_EQ(json["imprint"], "1");
  EXPECT_EQ(json["base_model"]["fingerprint"], "abc");
  EXPECT_EQ(json["embeddings"][0]["path"], "/pip");
  EXPECT_EQ(json["embeddings"][1]["name"], "concepts/mia/embeddings/1");
  EXPECT_FALSE(json["embeddings"][1].contains("path"));
  EXPECT_EQ(json["pictures"][2]["item"], "imageSets/a/items/0");
}

TEST_F(PictureManifestTest, FilesOfAnotherFolderAreNotNamed) {
  folder_.Write(kManifestName, R"({"pictures": [{"file": "../../out.png"}, {"file": 3}, 4]})");
  ASSERT_OK_AND_ASSIGN(const auto files, FilesInManifest(path()));
  EXPECT_THAT(files, ElementsAre(folder_.path() / "out.png"));
}

TEST_F(PictureManifestTest, AManifestOfAnotherKindIsNotTakenForOne) {
  for (const char* other : {R"({"name": "app", "icons": []})", R"({"pictures": {}})"}) {
    folder_.Write(kManifestName, other);
    EXPECT_THAT(FilesInManifest(path()),
                RefusesNaming(Parts{"manifest.json", "pictures is missing"}));
  }
}

TEST_F(PictureManifestTest, DamageIsNamed) {
  folder_.Write(kManifestName, R"({"pictures": []})");
  EXPECT_THAT(ReadScoredPictures(path()),
              RefusesNaming(Parts{"manifest.json", "embeddings is missing"}));
  folder_.Write(kManifestName, R"({"pictures": [{"file": "a.png"}], "embeddings": []})");
  EXPECT_THAT(ReadScoredPictures(path()),
              RefusesNaming(Parts{"manifest.json", "pictures", "prompt"}));
  folder_.Write(kManifestName, "{");
  EXPECT_THAT(FilesInManifest(path()), RefusesNaming(Parts{"manifest.json"}));
}

}  // namespace
}  // namespace imprint
