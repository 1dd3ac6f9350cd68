#include "imaging/png_facts.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include <gtest/gtest.h>

#include "base/png/deflate_for_tests.h"
#include "imaging/encode.h"
#include "imaging/test_pictures.h"

namespace imprint {
namespace {

std::string Png() { return *EncodePicture(RedAndBlue(4, 4), PictureFormat::kPng); }

PngFacts PngFactsOf(const std::string& png) { return ReadPngFacts(Bytes(png)); }

// As ImageMagick and Exiv2 write a block into a text.
std::string RawProfile(const std::string& block) {
  const std::string digits = absl::BytesToHexString(block);
  std::string text = absl::StrFormat("\nexif\n%8d\n", block.size());
  for (size_t i = 0; i < digits.size(); i += 72) text += digits.substr(i, 72) + "\n";
  return text;
}

const std::string kZero(1, '\0');

TEST(ReadPngFacts, AnExifChunkCountsWhereverItStands) {
  for (const PngPlace place : {PngPlace::kBeforePixels, PngPlace::kBehindPixels}) {
    EXPECT_EQ(PngFactsOf(WithChunk(Png(), "eXIf", ExifWithOrientation(6), place)).exif.orientation,
              6);
  }
  EXPECT_EQ(PngFactsOf(Png()).exif.orientation, std::nullopt);
}

TEST(ReadPngFacts, ARawProfileInAnyTextChunkCounts) {
  const std::string text = RawProfile(std::string("Exif\0\0", 6) + ExifWithOrientation(8));
  for (const char* keyword : {"Raw profile type exif", "Raw profile type APP1"}) {
    EXPECT_EQ(PngFactsOf(WithChunk(Png(), "tEXt", keyword + kZero + text)).exif.orientation, 8);
    EXPECT_EQ(PngFactsOf(WithChunk(Png(), "zTXt", keyword + kZero + kZero + Deflated(text)))
                  .exif.orientation,
              8);
    for (const bool compressed : {false, true}) {
      const std::string body = keyword + kZero + (compressed ? "\x01" : kZero) + kZero + "en" +
                               kZero + kZero + (compressed ? Deflated(text) : text);
      EXPECT_EQ(
          PngFactsOf(WithChunk(Png(), "iTXt", body, PngPlace::kBehindPixels)).exif.orientation, 8);
    }
  }
}

TEST(ReadPngFacts, XmpCountsWhereExifSaysNothing) {
  const std::string xmp = "XML:com.adobe.xmp" + kZero + kZero + kZero + kZero + kZero +
                          R"(<rdf tiff:Orientation="3"/>)";
  EXPECT_EQ(PngFactsOf(WithChunk(Png(), "iTXt", xmp)).exif.orientation, 3);
  const std::string both = WithChunk(Png(), "iTXt", xmp);
  EXPECT_EQ(PngFactsOf(WithChunk(both, "eXIf", ExifWithOrientation(6))).exif.orientation, 6);
}

TEST(ReadPngFacts, DamagedChunksSayNothing) {
  std::string png = WithChunk(Png(), "eXIf", ExifWithOrientation(6));
  png[png.find("eXIf") + 6] ^= 1;
  EXPECT_EQ(PngFactsOf(png).exif.orientation, std::nullopt) << "a wrong checksum";
  for (const std::string& text :
       {std::string(), std::string("\nexif"), std::string("\nexif\n999999999999999999999\n4d"),
        std::string("\nexif\n  40\nno digits")}) {
    const std::string chunk = "Raw profile type exif" + kZero + text;
    EXPECT_EQ(PngFactsOf(WithChunk(Png(), "tEXt", chunk)).exif.orientation, std::nullopt) << text;
  }
  EXPECT_EQ(
      PngFactsOf(WithChunk(Png(), "zTXt", "Raw profile type exif" + kZero + kZero + "no zlib"))
          .exif.orientation,
      std::nullopt);
  EXPECT_EQ(PngFactsOf("").frames, 1);
}

TEST(ReadPngFacts, ATextThatInflatesBeyondAllMeasureSaysNothing) {
  const std::string bomb = "XML:com.adobe.xmp" + kZero + kZero +
                           Deflated(std::string(2 << 20, ' ') + "tiff:Orientation>6");
  EXPECT_EQ(PngFactsOf(WithChunk(Png(), "zTXt", bomb)).exif.orientation, std::nullopt);
}

TEST(ReadPngFacts, BlocksBeyondAllMeasureAreNotLookedAt) {
  const std::string much(2 << 20, ' ');
  EXPECT_EQ(PngFactsOf(WithChunk(Png(), "eXIf", ExifWithOrientation(6) + much)).exif.orientation,
            std::nullopt);
  const std::string xmp = "XML:com.adobe.xmp" + kZero + R"(tiff:Orientation="6")";
  EXPECT_EQ(PngFactsOf(WithChunk(Png(), "tEXt", xmp)).exif.orientation, 6);
  EXPECT_EQ(PngFactsOf(WithChunk(Png(), "tEXt", xmp + much)).exif.orientation, std::nullopt);
}

TEST(ReadPngFacts, ColoursByGammaAreThoseThatAreNotOfSrgb) {
  const auto places = [](int green_x) {
    std::string body;
    for (const int each : {31'270, 32'900, 64'000, 33'000, green_x, 60'000, 15'000, 6'000}) {
      body += BigEndian(each);
    }
    return body;
  };
  EXPECT_FALSE(PngFactsOf(Png()).colours_by_gamma);
  EXPECT_FALSE(PngFactsOf(WithChunk(Png(), "gAMA", BigEndian(45'455))).colours_by_gamma);
  EXPECT_FALSE(PngFactsOf(WithChunk(Png(), "cHRM", places(30'000))).colours_by_gamma);
  const std::string dark = WithChunk(Png(), "gAMA", BigEndian(100'000));
  EXPECT_TRUE(PngFactsOf(dark).colours_by_gamma);
  EXPECT_TRUE(PngFactsOf(WithChunk(Png(), "cHRM", places(21'000))).colours_by_gamma) << "Adobe RGB";
  EXPECT_FALSE(PngFactsOf(WithChunk(dark, "sRGB", kZero)).colours_by_gamma);
  EXPECT_FALSE(PngFactsOf(WithChunk(Png(), "gAMA", "")).colours_by_gamma);
}

TEST(ReadPngFacts, CodePointsAndFramesCountBeforeThePixelsAlone) {
  const std::string p3("\x0C\x0D\0\x01", 4);
  EXPECT_EQ(PngFactsOf(WithChunk(Png(), "cICP", p3)).code_points,
            (CodePoints{.primaries = 12, .transfer = 13, .matrix = 0, .full_range = true}));
  EXPECT_EQ(PngFactsOf(WithChunk(Png(), "cICP", p3, PngPlace::kBehindPixels)).code_points,
            std::nullopt);
  const std::string three = BigEndian(3) + BigEndian(0);
  EXPECT_EQ(PngFactsOf(WithChunk(Png(), "acTL", three, PngPlace::kBehindPixels)).frames, 1);
  // The default picture is one more, unless it is the first frame.
  EXPECT_EQ(PngFactsOf(WithChunk(Png(), "acTL", three)).frames, 4);
  EXPECT_EQ(PngFactsOf(WithChunk(WithChunk(Png(), "fcTL", "x"), "acTL", three)).frames, 3);
}

}  // namespace
}  // namespace imprint
