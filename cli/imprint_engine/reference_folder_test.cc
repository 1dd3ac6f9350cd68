#include "cli/imprint_engine/reference_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "imaging/encode.h"
#include "imaging/fit.h"

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

std::string Picture(PictureFormat format = PictureFormat::kPng, int width = 40, int height = 30) {
  return *EncodePicture(RgbImage::Blank(width, height, 99), format);
}

RgbImage Square(const RgbImage& picture) { return FitToSquare(picture, 16, SquareFit::kCrop); }

TEST(ReadReferenceFolder, TakesPicturesInNaturalOrderAndSkipsTheRest) {
  const ScratchFolder folder;
  folder.Write("10.png", Picture());
  folder.Write("2.JPG", Picture(PictureFormat::kJpeg));
  folder.Write("photo without ending", Picture(PictureFormat::kWebp));
  folder.Write("notes.txt", "buy milk");
  folder.Write(".DS_Store", "x");
  folder.Write("more/3.png", Picture());
  ASSERT_OK_AND_ASSIGN(const ReferenceFolder read, ReadReferenceFolder(folder.path(), Square));
  std::vector<std::string> names;
  for (const ReferencePicture& picture : read.pictures) {
    names.push_back(picture.path.filename().string());
    EXPECT_EQ(picture.fitted.width, 16);
    EXPECT_EQ(picture.fitted.height, 16);
    EXPECT_EQ(picture.width, 40);
    EXPECT_EQ(picture.sha256.size(), 64u);
  }
  EXPECT_THAT(names, ElementsAre("2.JPG", "10.png", "photo without ending"));
  EXPECT_THAT(read.skipped,
              ElementsAre(".DS_Store (hidden)", "more (a folder)", "notes.txt (not a picture)"));
}

TEST(ReadReferenceFolder, EveryBadPictureIsNamed) {
  const ScratchFolder folder;
  folder.Write("1.png", Picture());
  folder.Write("2.png", "this is text");
  folder.Write("3.gif", "GIF89a");
  EXPECT_THAT(ReadReferenceFolder(folder.path(), Square).status(),
              RefusesNaming(Parts{"2 of 3 pictures", "picture 2 (\"2.png\"): not a picture",
                                  "picture 3 (\"3.gif\"): GIF is not supported"}));
}

TEST(ReadReferenceFolder, NoPicturesIsAnError) {
  const ScratchFolder folder;
  EXPECT_THAT(ReadReferenceFolder(folder.path(), Square).status(),
              RefusesNaming(Parts{"pictures", "an empty folder"}));
  folder.Write("notes.txt", "x");
  EXPECT_THAT(ReadReferenceFolder(folder.path(), Square).status(),
              RefusesNaming(Parts{"only notes.txt (not a picture)"}));
  EXPECT_THAT(ReadReferenceFolder(folder.path() / "none", Square).status(),
              Fails(absl::StatusCode::kNotFound, HasSubstr("none")));
}

TEST(ReadReferenceFolder, OnePictureIsAFolderOfOne) {
  const ScratchFolder folder;
  const auto path = folder.Write("1.png", Picture());
  EXPECT_EQ(ReadReferenceFolder(path, Square)->pictures.size(), 1u);
}

}  // namespace
}  // namespace imprint::cli
