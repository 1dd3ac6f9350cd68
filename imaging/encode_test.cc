#include "imaging/encode.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

TEST(EncodePicture, BytesAreWhatTheNameSays) {
  for (const PictureFormat format :
       {PictureFormat::kPng, PictureFormat::kJpeg, PictureFormat::kWebp}) {
    ASSERT_OK_AND_ASSIGN(const std::string file, EncodePicture(RgbImage::Blank(3, 2, 7), format));
    EXPECT_EQ(SniffPicture(std::as_bytes(std::span(file)))->written, format);
  }
}

TEST(EncodePicture, TheSamePictureGivesTheSameBytes) {
  const RgbImage image = RgbImage::Blank(30, 20, 77);
  EXPECT_EQ(*EncodePicture(image, PictureFormat::kPng), *EncodePicture(image, PictureFormat::kPng));
}

}  // namespace
}  // namespace imprint
