#include "cli/imprint/commands/picture_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Parts = std::vector<std::string>;

class PictureFolderTest : public ::testing::Test {
 protected:
  PictureFolderTest() {
    folder_.Write("manifest.json",
                  R"({"pictures": [{"file": "001.png"}, {"file": "../out.png"}]})");
    for (const char* file : {"001.png", "contact-sheet.png", "report.html", "mine.png"}) {
      folder_.Write(file, file);
    }
  }

  bool Holds(const char* file) const { return std::filesystem::exists(folder_.path() / file); }

  const ScratchFolder folder_;
};

TEST_F(PictureFolderTest, AnEarlierDrawingStaysUntilAnotherTakesItsPlace) {
  ASSERT_OK_AND_ASSIGN(PictureFolder folder, PictureFolder::Make(folder_.path(), true));
  for (const char* file : {"manifest.json", "001.png", "contact-sheet.png"}) {
    EXPECT_TRUE(Holds(file)) << file;
  }
  ASSERT_THAT(folder.WriteManifest({}, {}), Succeeds());
  EXPECT_FALSE(Holds("001.png"));
  EXPECT_FALSE(Holds("contact-sheet.png"));
  EXPECT_FALSE(Holds("report.html")) << "a report of other pictures would mislead";
  EXPECT_TRUE(Holds("mine.png")) << "no drawing left it there";
  EXPECT_THAT(FileContent(folder.manifest()), HasSubstr("image_sets"));
}

TEST_F(PictureFolderTest, SaysWhereTheModelLiesOnlyIfItIsKnown) {
  ASSERT_OK_AND_ASSIGN(PictureFolder folder, PictureFolder::Make(folder_.path(), true));
  v1::BaseModel model;
  model.set_name("baseModels/demo");
  ASSERT_THAT(folder.WriteManifest(model, {}), Succeeds());
  EXPECT_THAT(FileContent(folder.manifest()), Not(HasSubstr("path")));
  model.set_folder("/models/demo");
  ASSERT_THAT(folder.WriteManifest(model, {}), Succeeds());
  EXPECT_THAT(FileContent(folder.manifest()), HasSubstr(R"("path": "/models/demo")"));
}

TEST_F(PictureFolderTest, IsNotReplacedUnasked) {
  EXPECT_THAT(PictureFolder::Make(folder_.path(), false),
              Fails(absl::StatusCode::kAlreadyExists, HasSubstr("--overwrite")));
}

TEST_F(PictureFolderTest, WithAManifestThatNobodyCanReadIsRefused) {
  folder_.Write("manifest.json", "{");
  EXPECT_THAT(PictureFolder::Make(folder_.path(), true), RefusesNaming(Parts{"out"}));
  EXPECT_TRUE(Holds("001.png"));
}

}  // namespace
}  // namespace imprint::cli
