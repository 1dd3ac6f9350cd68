#include "imaging/colour_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "imaging/test_pictures.h"

namespace imprint {
namespace {

using vips::VImage;

// A colour as sRGB, from numbers that the profile explains.
std::vector<int> Converted(const std::string& profile, const std::vector<uint8_t>& colour) {
  VImage image = View(RgbImage{1, 1, colour});
  vips_image_set_blob_copy(image.get_image(), VIPS_META_ICC_NAME, profile.data(), profile.size());
  const std::vector<double> pixel = ToSrgb(image).getpoint(0, 0);
  return {pixel.begin(), pixel.end()};
}

void ExpectNear(const std::vector<int>& colour, const std::vector<int>& expected) {
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(colour[i], expected[i], 1) << "channel " << i;
}

// The same red in both, by lcms 2.16 and by hand from the two matrices.
TEST(ColourProfile, TheSameColourHasOtherNumbersInOtherSpaces) {
  ExpectNear(Converted(*ProfileOf({.primaries = 12, .transfer = 13}), {202, 59, 50}),
             {220, 40, 40});
  ExpectNear(Converted(AdobeRgbProfile(), {188, 45, 44}), {220, 40, 40});
  ExpectNear(Converted(*ProfileOf({.primaries = 1, .transfer = 13}), {220, 40, 40}), {220, 40, 40});
}

TEST(ColourProfile, PaperWhiteOfHdrIsWhite) {
  // 203 cd/m² is 0.58 of PQ and 0.75 of HLG (ITU-R BT.2408, table 1).
  ExpectNear(Converted(*ProfileOf({.primaries = 9, .transfer = kTransferPq}), {148, 148, 148}),
             {255, 255, 255});
  ExpectNear(Converted(*ProfileOf({.primaries = 9, .transfer = kTransferHlg}), {191, 191, 191}),
             {255, 255, 255});
  EXPECT_LT(Converted(*ProfileOf({.primaries = 9, .transfer = kTransferPq}), {120, 120, 120})[0],
            200);
}

TEST(ColourProfile, NarrowRangeBeginsAt16) {
  const std::string profile = *ProfileOf({.primaries = 12, .transfer = 13, .full_range = false});
  ExpectNear(Converted(profile, {16, 16, 16}), {0, 0, 0});
  ExpectNear(Converted(profile, {235, 235, 235}), {255, 255, 255});
}

TEST(ColourProfile, WhatIsNotKnownIsSaid) {
  EXPECT_THAT(ProfileOf({.primaries = 250, .transfer = 13}),
              Fails(absl::StatusCode::kUnimplemented, testing::HasSubstr("250/13")));
  EXPECT_FALSE(ProfileOf({.primaries = 12, .transfer = 10}).ok());
}

TEST(ColourProfile, KnowsWhatMeansSrgb) {
  EXPECT_TRUE(MeansSrgb({.primaries = 1, .transfer = 13}));
  EXPECT_TRUE(MeansSrgb({.primaries = 2, .transfer = 2}));
  EXPECT_FALSE(MeansSrgb({.primaries = 12, .transfer = 13}));
  EXPECT_FALSE(MeansSrgb({.primaries = 1, .transfer = 13, .full_range = false}));
  EXPECT_FALSE(MeansSrgb({.primaries = 1, .transfer = 16}));
}

TEST(SpaceOfProfile, IsWhatItsHeaderSays) {
  EXPECT_EQ(SpaceOfProfile(AdobeRgbProfile()), "RGB");
  std::string grey = AdobeRgbProfile();
  grey.replace(16, 4, "GRAY");
  EXPECT_EQ(SpaceOfProfile(grey), "grey");
  grey.replace(16, 4, "Lab ");
  EXPECT_EQ(SpaceOfProfile(grey), "Lab");
  EXPECT_EQ(SpaceOfProfile(grey.substr(0, 100)), "");
  EXPECT_EQ(SpaceOfProfile("no profile"), "");
}

}  // namespace
}  // namespace imprint
