#include "imaging/decode.h"

#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vips/vips8>

#include "base/status_matchers.h"
#include "imaging/encode.h"
#include "imaging/vips_image.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using vips::VImage;
using Parts = std::vector<std::string>;

absl::StatusOr<RgbImage> Decode(absl::string_view file, const DecodeLimits& limits = {}) {
  return DecodePicture(std::as_bytes(std::span(file)), limits);
}

std::string TakeBytes(VipsBlob* blob) {
  size_t size = 0;
  const void* bytes = vips_blob_get(blob, &size);
  std::string result(static_cast<const char*>(bytes), size);
  vips_area_unref(VIPS_AREA(blob));
  return result;
}

// Left half red, right half blue.
RgbImage RedAndBlue(int width, int height) {
  RgbImage image = RgbImage::Blank(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.Pixel(x, y)[x < width / 2 ? 0 : 2] = 255;
  }
  return image;
}

std::vector<int> Pixel(const RgbImage& image, int x, int y) {
  const uint8_t* pixel = image.Pixel(x, y);
  return {pixel[0], pixel[1], pixel[2]};
}

void ExpectNear(const std::vector<int>& pixel, const std::vector<int>& expected, int tolerance) {
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(pixel[i], expected[i], tolerance) << "channel " << i;
}

VImage View(const RgbImage& image) {
  StartVips();
  return VipsView(image).copy_memory();
}

// CRC-32 as PNG's chunks carry it (ISO 3309).
uint32_t Crc32(absl::string_view bytes) {
  uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::string BigEndian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

// A small PNG whose header claims another size, with a right checksum.
std::string PngClaiming(uint32_t width, uint32_t height) {
  std::string png = *EncodePicture(RedAndBlue(8, 8), PictureFormat::kPng);
  constexpr size_t kType = 12;
  constexpr size_t kSize = 16;
  constexpr size_t kChecksum = 29;
  png.replace(kSize, 8, BigEndian(width) + BigEndian(height));
  png.replace(kChecksum, 4, BigEndian(Crc32(png.substr(kType, kChecksum - kType))));
  return png;
}

TEST(DecodePicture, LosslessFormatsComeBackExactly) {
  const RgbImage image = RedAndBlue(17, 5);
  ASSERT_OK_AND_ASSIGN(const std::string png, EncodePicture(image, PictureFormat::kPng));
  ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(png));
  EXPECT_EQ(decoded, image);
}

TEST(DecodePicture, JpegAndWebpComeBackClose) {
  for (const PictureFormat format : {PictureFormat::kJpeg, PictureFormat::kWebp}) {
    ASSERT_OK_AND_ASSIGN(const std::string file, EncodePicture(RedAndBlue(64, 64), format, 95));
    ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(file));
    ExpectNear(Pixel(decoded, 10, 10), {255, 0, 0}, 6);
    ExpectNear(Pixel(decoded, 54, 54), {0, 0, 255}, 6);
  }
}

TEST(DecodePicture, ExifOrientationIsApplied) {
  VImage image = View(RedAndBlue(64, 32));
  image.set("orientation", 6);  // the camera was turned: show it a quarter clockwise
  const std::string jpeg = TakeBytes(image.jpegsave_buffer(VImage::option()->set("Q", 95)));
  ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(jpeg));
  EXPECT_EQ(decoded.width, 32);
  EXPECT_EQ(decoded.height, 64);
  ExpectNear(Pixel(decoded, 16, 8), {255, 0, 0}, 6);
  ExpectNear(Pixel(decoded, 16, 56), {0, 0, 255}, 6);
}

TEST(DecodePicture, CmykBecomesRgb) {
  const VImage cmyk = View(RedAndBlue(64, 64)).colourspace(VIPS_INTERPRETATION_CMYK);
  ASSERT_EQ(cmyk.bands(), 4);
  ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(TakeBytes(cmyk.jpegsave_buffer())));
  const std::vector<int> red = Pixel(decoded, 10, 10);
  const std::vector<int> blue = Pixel(decoded, 54, 54);
  EXPECT_GT(red[0], 180);
  EXPECT_LT(red[1] + red[2], 140);
  EXPECT_GT(blue[2], blue[0] + 40);
}

TEST(DecodePicture, SixteenBitBecomesEight) {
  const VImage wide = View(RedAndBlue(8, 8)).colourspace(VIPS_INTERPRETATION_RGB16);
  ASSERT_EQ(wide.format(), VIPS_FORMAT_USHORT);
  ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(TakeBytes(wide.pngsave_buffer())));
  EXPECT_EQ(decoded, RedAndBlue(8, 8));
}

TEST(DecodePicture, GreyBecomesRgbAtEveryDepth) {
  const VImage ramp =
      (VImage::identity(VImage::option()->set("size", 256))).cast(VIPS_FORMAT_UCHAR);
  StartVips();
  const VImage grey = ramp.copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_B_W));
  ASSERT_OK_AND_ASSIGN(const RgbImage eight, Decode(TakeBytes(grey.pngsave_buffer())));
  EXPECT_THAT(Pixel(eight, 100, 0), ElementsAre(100, 100, 100));
  const VImage grey16 = grey.colourspace(VIPS_INTERPRETATION_GREY16);
  ASSERT_OK_AND_ASSIGN(const RgbImage sixteen, Decode(TakeBytes(grey16.pngsave_buffer())));
  EXPECT_THAT(Pixel(sixteen, 100, 0), ElementsAre(100, 100, 100));
  ASSERT_OK_AND_ASSIGN(
      const RgbImage one,
      Decode(TakeBytes(grey.pngsave_buffer(VImage::option()->set("bitdepth", 1)))));
  EXPECT_THAT(Pixel(one, 0, 0), ElementsAre(0, 0, 0));
  EXPECT_THAT(Pixel(one, 255, 0), ElementsAre(255, 255, 255));
}

TEST(DecodePicture, PalettesWork) {
  const std::string png =
      TakeBytes(View(RedAndBlue(8, 8)).pngsave_buffer(VImage::option()->set("palette", true)));
  ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(png));
  ExpectNear(Pixel(decoded, 1, 1), {255, 0, 0}, 4);
  ExpectNear(Pixel(decoded, 6, 1), {0, 0, 255}, 4);
}

TEST(DecodePicture, TransparencyIsLaidOnWhite) {
  // Red that is opaque, half transparent, and black that cannot be seen at all.
  const std::vector<uint8_t> rgba = {255, 0, 0, 255, 255, 0, 0, 128, 0, 0, 0, 0};
  StartVips();
  const VImage image = VImage::new_from_memory(const_cast<uint8_t*>(rgba.data()), rgba.size(), 3, 1,
                                               4, VIPS_FORMAT_UCHAR)
                           .copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
  const VImage wide = image.colourspace(VIPS_INTERPRETATION_RGB16);
  for (const VImage& picture : {image, wide}) {
    ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(TakeBytes(picture.pngsave_buffer())));
    ExpectNear(Pixel(decoded, 0, 0), {255, 0, 0}, 1);
    ExpectNear(Pixel(decoded, 1, 0), {255, 127, 127}, 2);
    ExpectNear(Pixel(decoded, 2, 0), {255, 255, 255}, 1);
  }
}

TEST(DecodePicture, AColourProfileIsHonoured) {
  // The same numbers mean a more saturated colour in Display P3 than in sRGB.
  const VImage tagged = View(RgbImage{1, 1, {200, 100, 100}})
                            .icc_transform("p3", VImage::option()->set("input_profile", "srgb"));
  ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(TakeBytes(tagged.pngsave_buffer())));
  ExpectNear(Pixel(decoded, 0, 0), {200, 100, 100}, 2);
}

TEST(DecodePicture, TruncatedPicturesAreRefused) {
  RgbImage noise = RgbImage::Blank(96, 96);
  for (uint8_t& byte : noise.pixels) byte = static_cast<uint8_t>(std::rand());
  for (const PictureFormat format :
       {PictureFormat::kPng, PictureFormat::kJpeg, PictureFormat::kWebp}) {
    ASSERT_OK_AND_ASSIGN(const std::string whole, EncodePicture(noise, format));
    ASSERT_THAT(Decode(whole), Succeeds());
    for (const size_t percent : {3, 30, 60, 90}) {
      EXPECT_THAT(Decode(whole.substr(0, whole.size() * percent / 100)),
                  RefusesNaming(Parts{"damaged or truncated", std::string(Name(format))}))
          << Name(format) << " at " << percent << "%";
    }
  }
}

TEST(DecodePicture, AHugePictureIsRefusedFromItsHeader) {
  EXPECT_THAT(Decode(PngClaiming(50'000, 50'000)),
              RefusesNaming(Parts{"size: got 50000×50000", "at most 20000", "64 million"}));
  EXPECT_THAT(Decode(PngClaiming(19'000, 19'000)), RefusesNaming(Parts{"19000×19000"}));
}

TEST(DecodePicture, ALargeFileIsRefusedUnread) {
  EXPECT_THAT(Decode(std::string(101, 'x'), {.max_bytes = 100}),
              RefusesNaming(Parts{"file size", "101", "100"}));
}

TEST(DecodePicture, OtherFormatsAreRefusedByName) {
  EXPECT_THAT(Decode("GIF89a\x01\x01"), RefusesNaming(Parts{"GIF is not supported", "PNG"}));
  EXPECT_THAT(Decode(absl::string_view("\0\0\0\x18"
                                       "ftypheic",
                                       12)),
              RefusesNaming(Parts{"HEIC is not supported"}));
  EXPECT_THAT(Decode("Dear diary, this is no picture."), RefusesNaming(Parts{"not a picture"}));
  EXPECT_THAT(Decode(""), RefusesNaming(Parts{"not a picture"}));
}

TEST(DecodePicture, AnimationsAreRefused) {
  RgbImage frames = RedAndBlue(16, 32);
  frames.Row(0)[1] = 99;  // else libwebp keeps one frame
  VImage pages = View(frames);
  pages.set("page-height", 16);
  const std::string webp = TakeBytes(pages.webpsave_buffer());
  EXPECT_THAT(Decode(webp), RefusesNaming(Parts{"animation of 2 frames"}));
}

}  // namespace
}  // namespace imprint
