#include "imaging/decode.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "imaging/colour_profile.h"
#include "imaging/encode.h"
#include "imaging/test_pictures.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vips::VImage;
using Parts = std::vector<std::string>;

absl::StatusOr<DecodedPicture> DecodeWhole(absl::string_view file,
                                           const DecodeLimits& limits = {}) {
  return DecodePicture(Bytes(file), limits);
}

absl::StatusOr<RgbImage> Decode(absl::string_view file, const DecodeLimits& limits = {}) {
  auto decoded = DecodeWhole(file, limits);
  if (!decoded.ok()) return decoded.status();
  EXPECT_THAT(decoded->warnings, IsEmpty());
  return std::move(decoded->image);
}

std::vector<int> Pixel(const RgbImage& image, int x, int y) {
  const uint8_t* pixel = image.Pixel(x, y);
  return {pixel[0], pixel[1], pixel[2]};
}

void ExpectNear(const std::vector<int>& pixel, const std::vector<int>& expected, int tolerance) {
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(pixel[i], expected[i], tolerance) << "channel " << i;
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

// The picture with a profile that libvips brings, or that is given.
VImage WithProfile(const VImage& image, const std::string& profile) {
  VImage tagged = image.copy();
  vips_image_set_blob_copy(tagged.get_image(), VIPS_META_ICC_NAME, profile.data(), profile.size());
  return tagged;
}

// The JPEG with an ICC profile, whatever it is: libvips writes none that does not fit.
std::string WithSegment(std::string jpeg, const std::string& profile) {
  const std::string body = std::string("ICC_PROFILE\0\x01\x01", 14) + profile;
  return jpeg.insert(2, "\xFF\xE2" + BigEndian(2 + body.size(), 2) + body);
}

std::string BuiltInProfile(const char* name) {
  StartVips();
  VipsBlob* blob = nullptr;
  EXPECT_EQ(vips_profile_load(name, &blob, nullptr), 0);
  return TakeBytes(blob);
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
  const std::string png = *EncodePicture(RedAndBlue(64, 32), PictureFormat::kPng);
  for (const std::string& file :
       {jpeg, TakeBytes(image.webpsave_buffer()), TakeBytes(image.tiffsave_buffer()),
        WithChunk(png, "eXIf", ExifWithOrientation(6)),
        WithChunk(png, "eXIf", ExifWithOrientation(6), PngPlace::kBehindPixels)}) {
    ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(file));
    EXPECT_EQ(decoded.width, 32);
    EXPECT_EQ(decoded.height, 64);
    ExpectNear(Pixel(decoded, 16, 8), {255, 0, 0}, 6);
    ExpectNear(Pixel(decoded, 16, 56), {0, 0, 255}, 6);
  }
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

TEST(DecodePicture, TransparencyKeepsItsSoftEdgesBesideAProfile) {
  // Black and grey, half transparent, in 16 bits and in 8.
  const std::vector<uint16_t> rgba = {0, 0, 0, 0x8000, 0x4040, 0x4040, 0x4040, 0x8000};
  StartVips();
  const VImage wide = VImage::new_from_memory(const_cast<uint16_t*>(rgba.data()), 2 * rgba.size(),
                                              2, 1, 4, VIPS_FORMAT_USHORT)
                          .copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_RGB16));
  for (const VImage& image : {wide, wide.colourspace(VIPS_INTERPRETATION_sRGB)}) {
    const VImage tagged = WithProfile(image, BuiltInProfile("srgb"));
    for (const std::string& file :
         {TakeBytes(tagged.pngsave_buffer()), TakeBytes(tagged.tiffsave_buffer())}) {
      ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(file));
      ExpectNear(Pixel(decoded, 0, 0), {127, 127, 127}, 1);
      ExpectNear(Pixel(decoded, 1, 0), {159, 159, 159}, 1);
    }
  }
}

TEST(DecodePicture, AdobeRgbAsCamerasMarkItIsHonoured) {
  VImage image = View(RgbImage::Blank(16, 16, 44));
  image = image.linear({0, 1, 1}, {188, 0, 0}).cast(VIPS_FORMAT_UCHAR);
  const std::string exif = std::string("Exif\0\0", 6) + ExifOfAdobeRgb();
  vips_image_set_blob_copy(image.get_image(), VIPS_META_EXIF_NAME, exif.data(), exif.size());
  const std::string jpeg = TakeBytes(image.jpegsave_buffer(
      VImage::option()->set("Q", 95)->set("subsample_mode", VIPS_FOREIGN_SUBSAMPLE_OFF)));
  ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(jpeg));
  ExpectNear(Pixel(decoded, 8, 8), {220, 40, 40}, 3);
  // A profile says more.
  ASSERT_OK_AND_ASSIGN(
      const RgbImage tagged,
      Decode(TakeBytes(WithProfile(image, BuiltInProfile("srgb")).jpegsave_buffer())));
  ExpectNear(Pixel(tagged, 8, 8), {188, 44, 44}, 3);
}

TEST(DecodePicture, AProfileThatDoesNotFitIsPassedOverAndSaid) {
  RgbImage red = RgbImage::Blank(4, 4, 100);
  for (size_t i = 0; i < red.pixels.size(); i += 3) red.pixels[i] = 220;
  const std::string jpeg = *EncodePicture(red, PictureFormat::kJpeg, 95);
  std::string grey = AdobeRgbProfile();
  grey.replace(16, 4, "GRAY");
  std::string cmyk = AdobeRgbProfile();
  cmyk.replace(16, 4, "CMYK");
  std::string broken = AdobeRgbProfile();
  std::fill(broken.begin() + 128, broken.end(), '\xFF');
  for (const auto& [profile, why] :
       {std::pair(grey, "for grey"), std::pair(cmyk, "for CMYK"),
        std::pair(std::string(300, 'x'), "damaged"), std::pair(broken, "damaged")}) {
    ASSERT_OK_AND_ASSIGN(const DecodedPicture decoded, DecodeWhole(WithSegment(jpeg, profile)));
    ExpectNear(Pixel(decoded.image, 0, 0), {220, 100, 100}, 4);
    EXPECT_THAT(decoded.warnings, ElementsAre(HasSubstr(why)));
  }
}

TEST(DecodePicture, CodePointsOfAPngCountMoreThanItsProfile) {
  const RgbImage p3 = {1, 1, {202, 59, 50}};
  const std::string code(std::string("\x0C\x0D\0\x01", 4));
  const std::string png = WithChunk(*EncodePicture(p3, PictureFormat::kPng), "cICP", code);
  ASSERT_OK_AND_ASSIGN(const RgbImage plain, Decode(png));
  ExpectNear(Pixel(plain, 0, 0), {220, 40, 40}, 1);
  const std::string tagged =
      TakeBytes(WithProfile(View(p3), BuiltInProfile("srgb")).pngsave_buffer());
  ASSERT_OK_AND_ASSIGN(const RgbImage both, Decode(WithChunk(tagged, "cICP", code)));
  ExpectNear(Pixel(both, 0, 0), {220, 40, 40}, 1);
  // And where they say sRGB, they count, too.
  const std::string srgb(std::string("\x01\x0D\0\x01", 4));
  const std::string wrong = TakeBytes(WithProfile(View(p3), BuiltInProfile("p3")).pngsave_buffer());
  ASSERT_OK_AND_ASSIGN(const RgbImage as_it_is, Decode(WithChunk(wrong, "cICP", srgb)));
  EXPECT_THAT(Pixel(as_it_is, 0, 0), ElementsAre(202, 59, 50));
}

TEST(DecodePicture, ColoursThatAPngSaysByGammaAloneArePassedOverAndSaid) {
  const std::string gamma = BigEndian(100'000);
  const std::string png =
      WithChunk(*EncodePicture(RedAndBlue(4, 4), PictureFormat::kPng), "gAMA", gamma);
  ASSERT_OK_AND_ASSIGN(const DecodedPicture decoded, DecodeWhole(png));
  EXPECT_EQ(decoded.image, RedAndBlue(4, 4));
  EXPECT_THAT(decoded.warnings, ElementsAre(HasSubstr("gAMA or cHRM")));
  // Whatever counts more says it.
  EXPECT_THAT(Decode(WithChunk(png, "cICP", std::string("\x01\x0D\0\x01", 4))), Succeeds());
  const std::string tagged =
      TakeBytes(WithProfile(View(RedAndBlue(4, 4)), BuiltInProfile("srgb")).pngsave_buffer());
  EXPECT_THAT(Decode(WithChunk(tagged, "gAMA", gamma)), Succeeds());
}

TEST(DecodePicture, HdrIsShownAsFarAsItGoesAndSaid) {
  const std::string png = WithChunk(*EncodePicture({1, 1, {148, 148, 148}}, PictureFormat::kPng),
                                    "cICP", std::string("\x09\x10\0\x01", 4));
  ASSERT_OK_AND_ASSIGN(const DecodedPicture decoded, DecodeWhole(png));
  ExpectNear(Pixel(decoded.image, 0, 0), {255, 255, 255}, 1);
  EXPECT_THAT(decoded.warnings, ElementsAre(HasSubstr("HDR")));
}

TEST(DecodePicture, HeicAndAvifAreTakenWithTheirProfile) {
  const VImage p3 =
      View(RedAndBlue(64, 64)).icc_transform("p3", VImage::option()->set("input_profile", "srgb"));
  for (const auto compression :
       {VIPS_FOREIGN_HEIF_COMPRESSION_HEVC, VIPS_FOREIGN_HEIF_COMPRESSION_AV1}) {
    const std::string file =
        TakeBytes(p3.heifsave_buffer(VImage::option()
                                         ->set("compression", compression)
                                         ->set("Q", 95)
                                         ->set("subsample_mode", VIPS_FOREIGN_SUBSAMPLE_OFF)));
    ASSERT_OK_AND_ASSIGN(const RgbImage decoded, Decode(file));
    ExpectNear(Pixel(decoded, 10, 10), {255, 0, 0}, 6);
    ExpectNear(Pixel(decoded, 54, 54), {0, 0, 255}, 6);
  }
}

TEST(DecodePicture, ATiffOfSeveralPagesIsItsFirst) {
  VImage pages = View(RedAndBlue(16, 32));
  pages.set("page-height", 16);
  ASSERT_OK_AND_ASSIGN(const DecodedPicture decoded,
                       DecodeWhole(TakeBytes(pages.tiffsave_buffer())));
  EXPECT_EQ(decoded.image, RedAndBlue(16, 16));
  EXPECT_THAT(decoded.warnings, ElementsAre(HasSubstr("2 pages; only the first")));
}

TEST(DecodePicture, ALargeJpegIsDecodedSmaller) {
  const std::string jpeg = TakeBytes(View(RedAndBlue(640, 320)).jpegsave_buffer());
  ASSERT_OK_AND_ASSIGN(const DecodedPicture decoded, DecodeWhole(jpeg, {.max_pixels = 20'000}));
  EXPECT_EQ(decoded.image.width, 160);
  EXPECT_EQ(decoded.image.height, 80);
  EXPECT_EQ(decoded.full_size, (PictureSize{640, 320}));
  ExpectNear(Pixel(decoded.image, 10, 10), {255, 0, 0}, 6);
  EXPECT_THAT(Decode(jpeg, {.max_pixels = 1000}), RefusesNaming(Parts{"size"}))
      << "an eighth is more";
  EXPECT_THAT(Decode(jpeg, {.max_pixels = 20'000, .max_jpeg_pixels = 200'000}),
              RefusesNaming(Parts{"size: got 640×320"}));
}

TEST(DecodePicture, WhatWouldTakeTooMuchMemoryIsRefusedByItsHeader) {
  const std::string png = TakeBytes(
      View(RedAndBlue(512, 512)).pngsave_buffer(VImage::option()->set("interlace", true)));
  ASSERT_OK_AND_ASSIGN(const int64_t needed, BytesToDecode(Bytes(png)));
  EXPECT_GT(needed, 2 * 3 * 512 * 512) << "interlaced, it is there twice";
  EXPECT_THAT(Decode(png, {.max_memory = needed}), Succeeds());
  EXPECT_THAT(Decode(png, {.max_memory = needed - 1}),
              RefusesNaming(Parts{"memory to decode it", "512×512", "not interlaced"}));
  EXPECT_THAT(BytesToDecode(Bytes(png), {.max_memory = needed - 1}),
              RefusesNaming(Parts{"memory"}));
}

std::string ProgressiveJpeg(VipsForeignSubsample subsample) {
  return TakeBytes(
      View(RedAndBlue(16, 16))
          .jpegsave_buffer(
              VImage::option()->set("interlace", true)->set("subsample_mode", subsample)));
}

// The JPEG with its first scan over and over again.
std::string WithScans(std::string jpeg, int more) {
  const size_t begin = jpeg.find("\xFF\xDA");
  const size_t end = std::min(jpeg.find("\xFF\xDA", begin + 2), jpeg.find("\xFF\xC4", begin));
  const std::string scan = jpeg.substr(begin, end - begin);
  for (int i = 0; i < more; ++i) jpeg.insert(end, scan);
  return jpeg;
}

TEST(DecodePicture, AJpegOfVeryManyScansIsRefusedByThem) {
  const std::string jpeg = ProgressiveJpeg(VIPS_FOREIGN_SUBSAMPLE_ON);
  EXPECT_THAT(BytesToDecode(Bytes(WithScans(jpeg, 90))), Succeeds());
  for (const int more : {91, 2000}) {
    const std::string slow = WithScans(jpeg, more);
    EXPECT_THAT(Decode(slow),
                RefusesNaming(Parts{"scans", absl::StrCat(10 + more), "at most 100"}));
    EXPECT_THAT(BytesToDecode(Bytes(slow)), RefusesNaming(Parts{"scans"}));
  }
}

TEST(DecodePicture, TheMemoryOfALargeProgressiveJpegIsToldByItsFactors) {
  // A small file that claims 200 million pixels, of which headers alone are read.
  const auto needed = [](std::string jpeg) {
    const size_t frame = jpeg.find("\xFF\xC2");
    EXPECT_NE(frame, std::string::npos);
    jpeg.replace(frame + 5, 4, BigEndian(10'000, 2) + BigEndian(20'000, 2));
    return BytesToDecode(Bytes(jpeg));
  };
  constexpr int64_t kPixels = 200'000'000;
  // Decoded at half its sides, it ends as three quarters of a byte for each.
  constexpr int64_t kPicture = kPixels * 3 / 4;
  constexpr int64_t kMore = 50'000'000;  // rows on their way
  std::string subsampled = ProgressiveJpeg(VIPS_FOREIGN_SUBSAMPLE_ON);
  ASSERT_OK_AND_ASSIGN(const int64_t quarters, needed(subsampled));
  EXPECT_GE(quarters, 3 * kPixels + kPicture);
  EXPECT_LE(quarters, 3 * kPixels + kPicture + kMore);
  // The same with colour for each second pixel of every row.
  const size_t factors = subsampled.find("\xFF\xC2") + 11;
  ASSERT_EQ(subsampled[factors], '\x22');
  subsampled[factors] = '\x21';
  ASSERT_OK_AND_ASSIGN(const int64_t halves, needed(subsampled));
  EXPECT_GE(halves, 4 * kPixels + kPicture);
  EXPECT_LE(halves, 4 * kPixels + kPicture + kMore);
  EXPECT_THAT(needed(ProgressiveJpeg(VIPS_FOREIGN_SUBSAMPLE_OFF)),
              RefusesNaming(Parts{"memory to decode it", "20000×10000", "progressive"}));
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
              RefusesNaming(Parts{"size: got 50000×50000", "at most 20000", "64 million",
                                  "256 million in a JPEG"}));
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
              RefusesNaming(Parts{"damaged or truncated HEIC", "Most Compatible"}));
  EXPECT_THAT(Decode("\xFF\x0A..."), RefusesNaming(Parts{"JPEG XL is not supported"}));
  EXPECT_THAT(Decode(absl::string_view("IIU\0....", 8)), RefusesNaming(Parts{"raw", "RW2"}));
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
  const std::string png = *EncodePicture(RedAndBlue(8, 8), PictureFormat::kPng);
  const std::string two = BigEndian(2) + BigEndian(0);
  EXPECT_THAT(Decode(WithChunk(WithChunk(png, "fcTL", std::string(26, '\0')), "acTL", two)),
              RefusesNaming(Parts{"animation of 2 frames"}));
}

}  // namespace
}  // namespace imprint
