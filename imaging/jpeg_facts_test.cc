#include "imaging/jpeg_facts.h"

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "imaging/test_pictures.h"

namespace imprint {
namespace {

JpegFacts FactsOfJpeg(const std::string& jpeg) { return ReadJpegFacts(Bytes(jpeg)); }

std::string JpegSegment(char marker, const std::string& body) {
  return absl::StrCat("\xFF", std::string(1, marker), BigEndian(2 + body.size(), 2), body);
}

// A frame whose components have the factors, each as a byte: 0x21 is two across and one down.
std::string JpegFrameOf(char marker, int width, int height, const std::string& factors) {
  std::string body =
      absl::StrCat("\x08", BigEndian(height, 2), BigEndian(width, 2), BigEndian(factors.size(), 1));
  for (const char each : factors) body += {'\1', each, '\0'};
  return JpegSegment(marker, body);
}

std::string JpegScan(int components) {
  const std::string body = BigEndian(components, 1) + std::string(2 * components + 3, '\0');
  return JpegSegment('\xDA', body) + std::string("pixels\xFF\0more", 12);
}

const std::string kStartOfJpeg = "\xFF\xD8";
const std::string kEndOfJpeg = "\xFF\xD9";

TEST(ReadJpegFacts, WhatLibjpegWritesIsCounted) {
  const auto saved = [](bool progressive) {
    return TakeBytes(View(RedAndBlue(40, 24))
                         .jpegsave_buffer(vips::VImage::option()
                                              ->set("interlace", progressive)
                                              ->set("subsample_mode", VIPS_FOREIGN_SUBSAMPLE_ON)));
  };
  EXPECT_EQ(FactsOfJpeg(saved(false)).scans, 1);
  EXPECT_EQ(FactsOfJpeg(saved(false)).coefficient_bytes, 0);
  EXPECT_EQ(FactsOfJpeg(saved(true)).scans, 10);
  // 40×24 becomes 48×32 in units of 16, with colour in quarters.
  EXPECT_EQ(FactsOfJpeg(saved(true)).coefficient_bytes, 2 * 48 * 32 * 3 / 2);
}

TEST(ReadJpegFacts, CoefficientsAreThoseOfTheFactors) {
  const auto bytes_a_pixel = [](const std::string& factors) {
    const std::string jpeg =
        kStartOfJpeg + JpegFrameOf('\xC2', 320, 320, factors) + JpegScan(1) + kEndOfJpeg;
    return static_cast<double>(FactsOfJpeg(jpeg).coefficient_bytes) / (320 * 320);
  };
  EXPECT_EQ(bytes_a_pixel("\x11"), 2) << "grey";
  EXPECT_EQ(bytes_a_pixel("\x11\x11\x11"), 6) << "4:4:4";
  EXPECT_EQ(bytes_a_pixel("\x21\x11\x11"), 4) << "4:2:2";
  EXPECT_EQ(bytes_a_pixel("\x22\x11\x11"), 3) << "4:2:0";
  EXPECT_EQ(bytes_a_pixel("\x41\x11\x11"), 3) << "4:1:1";
  EXPECT_EQ(bytes_a_pixel("\x22\x22\x22"), 6) << "all alike is none less";
  EXPECT_EQ(bytes_a_pixel("\x11\x11\x11\x11"), 8) << "CMYK";
  EXPECT_EQ(bytes_a_pixel("\x22\x11\x11\x22"), 5) << "YCCK";
}

TEST(ReadJpegFacts, ColoursOneAfterTheOtherAreKept) {
  const std::string frame = kStartOfJpeg + JpegFrameOf('\xC0', 16, 16, "\x11\x11\x11");
  EXPECT_EQ(FactsOfJpeg(frame + JpegScan(3) + kEndOfJpeg).coefficient_bytes, 0);
  EXPECT_EQ(
      FactsOfJpeg(frame + JpegScan(1) + JpegScan(1) + JpegScan(1) + kEndOfJpeg).coefficient_bytes,
      6 * 16 * 16);
}

TEST(ReadJpegFacts, OnlyScansOfThePictureItselfCount) {
  const std::string frame = JpegFrameOf('\xC2', 16, 16, "\x11");
  const std::string thumbnail =
      JpegSegment('\xE1', kStartOfJpeg + frame + JpegScan(1) + JpegScan(1) + kEndOfJpeg);
  const std::string jpeg =
      kStartOfJpeg + thumbnail + frame + JpegScan(1) + "\xFF\xD0" + "x" + JpegScan(1) + kEndOfJpeg;
  EXPECT_EQ(FactsOfJpeg(jpeg).scans, 2);
  EXPECT_EQ(FactsOfJpeg(jpeg + jpeg).scans, 2) << "a second picture behind it";
}

TEST(ReadJpegFacts, ScansBehindMarkersWithoutAMeaningCount) {
  // Where libjpeg searches for a restart, it passes over these and nothing behind them.
  const std::string scan = JpegScan(1);
  const std::string jpeg = kStartOfJpeg + JpegFrameOf('\xC2', 16, 16, "\x11") + scan + "\xFF\x02" +
                           BigEndian(scan.size() + 2, 2) + scan + "\xFF\xFF" + scan;
  EXPECT_EQ(FactsOfJpeg(jpeg).scans, 3);
}

TEST(ReadJpegFacts, TruncatedFilesEndEarly) {
  const std::string jpeg = kStartOfJpeg + JpegFrameOf('\xC2', 16, 16, "\x21\x11\x11") +
                           JpegScan(1) + JpegScan(1) + kEndOfJpeg;
  for (size_t size = 0; size < jpeg.size(); ++size) {
    const JpegFacts facts = FactsOfJpeg(jpeg.substr(0, size));
    EXPECT_LE(facts.scans, 2);
    EXPECT_LE(facts.coefficient_bytes, 4 * 16 * 16);
  }
}

}  // namespace
}  // namespace imprint
