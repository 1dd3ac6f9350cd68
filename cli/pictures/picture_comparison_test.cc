#include "cli/pictures/picture_comparison.h"

#include <gtest/gtest.h>

#include "base/rgb_image.h"
#include "base/scratch_folder.h"
#include "base/sha256.h"
#include "imaging/encode.h"

namespace imprint::cli {
namespace {

std::string Png(uint8_t level, int side = 4) {
  return *EncodePicture(RgbImage::Blank(side, side, level), PictureFormat::kPng);
}

class PictureComparisonTest : public ::testing::Test {
 protected:
  // Of a picture of level 100, whose file has that content.
  PictureComparison Compare(const std::string& redrawn, const std::string& content) {
    folder_.Write("a.png", content);
    return ComparePicture(redrawn, Sha256Hex(Png(100)), folder_.path() / "a.png");
  }

  const ScratchFolder folder_;
};

TEST_F(PictureComparisonTest, TheSame) {
  const PictureComparison same = Compare(Png(100), Png(100));
  EXPECT_TRUE(same.same);
  EXPECT_EQ(same.file, PictureFile::kAsRecorded);
  EXPECT_EQ(same.text, "bit for bit");
}

TEST_F(PictureComparisonTest, Another) {
  const PictureComparison other = Compare(Png(98), Png(100));
  EXPECT_FALSE(other.same);
  EXPECT_EQ(other.file, PictureFile::kAsRecorded);
  EXPECT_EQ(other.text, "48 of 48 values differ, by 2 of 255 at most");
  EXPECT_EQ(Compare(Png(100, 5), Png(100)).text, "of another size");
  EXPECT_EQ(Compare("no picture", Png(100)).text, "of another size");
  const std::string jpeg = *EncodePicture(RgbImage::Blank(4, 4, 100), PictureFormat::kJpeg);
  EXPECT_EQ(Compare(jpeg, Png(100)).text, "the same pixels, encoded differently");
}

TEST_F(PictureComparisonTest, AFileThatWasTouched) {
  const PictureComparison same = Compare(Png(100), Png(7));
  EXPECT_TRUE(same.same);
  EXPECT_EQ(same.file, PictureFile::kChanged);
  EXPECT_EQ(same.text, "bit for bit; its file has been changed since");
  EXPECT_EQ(Compare(Png(7), Png(7)).text, "not what was recorded; its file has been changed since");
}

TEST_F(PictureComparisonTest, AFileThatIsMissing) {
  const auto missing = folder_.path() / "b.png";
  const PictureComparison same = ComparePicture(Png(100), Sha256Hex(Png(100)), missing);
  EXPECT_TRUE(same.same);
  EXPECT_EQ(same.file, PictureFile::kMissing);
  EXPECT_EQ(same.text, "bit for bit; its file is missing");
  EXPECT_FALSE(ComparePicture(Png(99), Sha256Hex(Png(100)), missing).same);
}

}  // namespace
}  // namespace imprint::cli
