#include "imaging/picture_likeness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "imaging/decode.h"
#include "imaging/encode.h"
#include "imaging/fit.h"

namespace imprint {
namespace {

RgbImage Demo(const char* name) {
  const std::string file =
      FileContent(std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo/concepts" / name);
  auto picture = DecodePicture(std::as_bytes(std::span(file)));
  EXPECT_TRUE(picture.ok()) << picture.status();
  return picture->image;
}

TEST(PictureLikeness, APictureIsLikeItselfInAnotherSizeAndFormat) {
  const RgbImage pip = Demo("pip/images/1.png");
  const PictureLikeness likeness = LikenessOf(pip);
  EXPECT_EQ(DifferenceOf(likeness, likeness).bits, 0);
  EXPECT_EQ(DifferenceOf(likeness, likeness).colour, 0);
  const RgbImage small = FitToSquare(pip, 64, SquareFit::kCrop);
  const std::string jpeg = *EncodePicture(small, PictureFormat::kJpeg);
  const RgbImage again = DecodePicture(std::as_bytes(std::span(jpeg)))->image;
  const PictureDifference difference = DifferenceOf(likeness, LikenessOf(again));
  EXPECT_TRUE(difference.IsNearDuplicate()) << difference.bits << " " << difference.colour;
}

TEST(PictureLikeness, TwoPicturesOfOneCharacterAreNotTheSame) {
  const PictureDifference difference =
      DifferenceOf(LikenessOf(Demo("pip/images/1.png")), LikenessOf(Demo("pip/images/2.png")));
  EXPECT_FALSE(difference.IsNearDuplicate()) << difference.bits << " " << difference.colour;
}

TEST(PictureLikeness, AnotherColourIsAnotherPicture) {
  const PictureDifference difference = DifferenceOf(LikenessOf(RgbImage::Blank(64, 64, 10)),
                                                    LikenessOf(RgbImage::Blank(64, 64, 90)));
  EXPECT_EQ(difference.bits, 0);
  EXPECT_EQ(difference.colour, 80);
  EXPECT_FALSE(difference.IsNearDuplicate());
}

TEST(PictureLikeness, TakesPicturesSmallerThanItsGrid) {
  EXPECT_EQ(LikenessOf(RgbImage::Blank(1, 1, 7)).colours[100], 7);
}

}  // namespace
}  // namespace imprint
