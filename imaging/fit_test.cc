#include "imaging/fit.h"

#include <gtest/gtest.h>

#include "imaging/resample.h"

namespace imprint {
namespace {

// A grey ramp from left to right.
RgbImage Ramp(int width, int height) {
  RgbImage image = RgbImage::Blank(width, height);
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < 3 * width; ++i) image.Row(y)[i] = static_cast<uint8_t>(i / 3);
  }
  return image;
}

// That it equals Pillow bit for bit is shown in tests/parity.
TEST(ResizeBicubic, KeepsFlatPicturesFlatAndRampsMonotone) {
  EXPECT_EQ(ResizeBicubic(RgbImage::Blank(40, 30, 200), 7, 90), RgbImage::Blank(7, 90, 200));
  const RgbImage half = ResizeBicubic(Ramp(200, 4), 100, 4);
  for (int x = 1; x < 100; ++x) EXPECT_GE(*half.Pixel(x, 1), *half.Pixel(x - 1, 1));
}

TEST(ResizeBicubic, TheSameSizeIsTheSamePicture) {
  EXPECT_EQ(ResizeBicubic(Ramp(50, 50), 50, 50), Ramp(50, 50));
}

TEST(FitToSquare, CropTakesTheMiddleAndSquashTakesAll) {
  const RgbImage wide = Ramp(200, 100);
  const RgbImage cropped = FitToSquare(wide, 100, SquareFit::kCrop);
  EXPECT_EQ(*cropped.Pixel(0, 0), 50);
  EXPECT_EQ(*cropped.Pixel(99, 0), 149);
  const RgbImage squashed = FitToSquare(wide, 100, SquareFit::kSquash);
  EXPECT_EQ(squashed.width, 100);
  EXPECT_LE(*squashed.Pixel(0, 0), 2);
  EXPECT_GE(*squashed.Pixel(99, 0), 197);
}

TEST(CropAndResize, TakesTheLargestMiddleOfTheProportions) {
  const RgbImage wide = CropAndResize(Ramp(200, 100), 50, 100);  // 50 of 200 columns
  EXPECT_EQ(wide.width, 50);
  EXPECT_EQ(wide.height, 100);
  EXPECT_EQ(*wide.Pixel(0, 0), 75);
  EXPECT_EQ(*wide.Pixel(49, 99), 124);
  const RgbImage tall = CropAndResize(Ramp(100, 200), 100, 50);  // all columns, 50 of 200 rows
  EXPECT_EQ(*tall.Pixel(0, 0), 0);
  EXPECT_EQ(*tall.Pixel(99, 49), 99);
  EXPECT_EQ(CropAndResize(Ramp(10, 1), 7, 9).width, 7);  // at least one column
}

TEST(FitForClip, TheShorterEdgeIsKept) {
  const RgbImage tall = FitForClip(Ramp(100, 200), 50);
  EXPECT_EQ(tall.width, 50);
  EXPECT_EQ(tall.height, 50);
  EXPECT_LE(*tall.Pixel(0, 0), 2);
  EXPECT_GE(*tall.Pixel(49, 0), 97);
}

TEST(FitForClip, OnlyTheMiddleOfALongStripIsResized) {
  RgbImage strip = RgbImage::Blank(20000, 1, 10);
  strip.Pixel(10000, 0)[0] = 200;
  const RgbImage fitted = FitForClip(strip, 224);  // resized whole, it would be 3 GB
  EXPECT_EQ(fitted.width, 224);
  EXPECT_EQ(fitted.height, 224);
}

}  // namespace
}  // namespace imprint
