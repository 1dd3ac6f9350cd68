#include "imaging/exif_facts.h"

#include <gtest/gtest.h>

#include "imaging/test_pictures.h"

namespace imprint {
namespace {

// Little-endian, orientation as LONG.
const std::string kLittle("II*\0\x08\0\0\0\x01\0\x12\x01\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0", 26);

TEST(ReadExif, FindsTheOrientationInEitherByteOrder) {
  EXPECT_EQ(ReadExif(Bytes(ExifWithOrientation(6))).orientation, 6);
  EXPECT_EQ(ReadExif(Bytes(kLittle)).orientation, 8);
  const std::string prefix("Exif\0\0", 6);
  EXPECT_EQ(ReadExif(Bytes(prefix + kLittle)).orientation, 8);
  EXPECT_EQ(ReadExif(Bytes(prefix + prefix + kLittle)).orientation, 8);
}

TEST(ReadExif, SaysNothingOfWhatIsNone) {
  EXPECT_EQ(ReadExif(Bytes(ExifWithOrientation(0))).orientation, std::nullopt);
  EXPECT_EQ(ReadExif(Bytes(ExifWithOrientation(9))).orientation, std::nullopt);
  EXPECT_EQ(ReadExif(Bytes("")).orientation, std::nullopt);
  for (size_t size = 0; size < kLittle.size() - 8; ++size) {
    EXPECT_EQ(ReadExif(Bytes(kLittle.substr(0, size))).orientation, std::nullopt) << size;
  }
}

TEST(ReadExif, KnowsAdobeRgbAsCamerasMarkIt) {
  std::string exif = ExifOfAdobeRgb();
  EXPECT_TRUE(ReadExif(Bytes(exif)).adobe_rgb);
  exif.replace(exif.find("R03"), 3, "R98");
  EXPECT_FALSE(ReadExif(Bytes(exif)).adobe_rgb);
  exif = ExifOfAdobeRgb();
  exif.replace(exif.find("\xFF\xFF"), 2, std::string("\0\x01", 2));
  EXPECT_FALSE(ReadExif(Bytes(exif)).adobe_rgb) << "it says sRGB";
  EXPECT_FALSE(ReadExif(Bytes(ExifWithOrientation(1))).adobe_rgb);
}

TEST(OrientationInXmp, IsFoundAsPillowFindsIt) {
  EXPECT_EQ(OrientationInXmp(Bytes(R"(<x tiff:Orientation="6"/>)")), 6);
  EXPECT_EQ(OrientationInXmp(Bytes("<tiff:Orientation>8</tiff:Orientation>")), 8);
  EXPECT_EQ(OrientationInXmp(Bytes(R"(tiff:Orientation='6' tiff:Orientation="3")")), 3);
  EXPECT_EQ(OrientationInXmp(Bytes(R"(tiff:Orientation="9")")), std::nullopt);
  EXPECT_EQ(OrientationInXmp(Bytes("tiff:Orientation>")), std::nullopt);
}

}  // namespace
}  // namespace imprint
