#include "imaging/contact_sheet.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

int CountPixels(const RgbImage& image, uint8_t r, uint8_t g, uint8_t b) {
  int count = 0;
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    count += image.pixels[i] == r && image.pixels[i + 1] == g && image.pixels[i + 2] == b;
  }
  return count;
}

ContactSheet OneRow(std::vector<ContactSheet::Cell> cells) {
  return {.title = "T", .rows = {{.heading = "in the snow", .cells = std::move(cells)}}};
}

RgbImage Green() {
  RgbImage image = RgbImage::Blank(64, 64);
  for (size_t i = 1; i < image.pixels.size(); i += 3) image.pixels[i] = 200;
  return image;
}

TEST(ContactSheet, EveryPictureIsThereAtFullSize) {
  ASSERT_OK_AND_ASSIGN(const RgbImage sheet,
                       RenderContactSheet(OneRow({{Green(), "seed 1"}, {Green(), "seed 2"}})));
  EXPECT_EQ(CountPixels(sheet, 0, 200, 0), 2 * 176 * 176);
}

TEST(ContactSheet, CaptionsAndHeadingsAreInked) {
  ContactSheet with = OneRow({{Green(), "seed 1"}});
  ContactSheet without = OneRow({{Green(), ""}});
  EXPECT_NE(*RenderContactSheet(with), *RenderContactSheet(without));
  without.rows[0].cells[0].caption = "seed 1";
  EXPECT_EQ(*RenderContactSheet(with), *RenderContactSheet(without));
  without.rows[0].heading = "";
  EXPECT_NE(*RenderContactSheet(with), *RenderContactSheet(without));
}

TEST(ContactSheet, MarkupInCaptionsIsJustText) {
  EXPECT_THAT(RenderContactSheet(OneRow({{Green(), "<b>&amp; <pip> </i>"}})), Succeeds());
}

TEST(ContactSheet, LongTextIsCutToItsPlace) {
  const std::string long_text(5000, 'w');
  ContactSheet sheet = OneRow({{Green(), long_text}, {std::nullopt, long_text}});
  sheet.title = sheet.subtitle = sheet.rows[0].heading = long_text;
  ASSERT_OK_AND_ASSIGN(const RgbImage image, RenderContactSheet(sheet));
  EXPECT_EQ(CountPixels(image, 0, 200, 0), 176 * 176);  // nothing was written over the picture
}

TEST(ContactSheet, APictureThatIsNotSquareKeepsItsProportions) {
  RgbImage wide = RgbImage::Blank(100, 50, 9);
  ASSERT_OK_AND_ASSIGN(const RgbImage sheet, RenderContactSheet(OneRow({{wide, ""}})));
  EXPECT_EQ(CountPixels(sheet, 9, 9, 9), 176 * 88);
}

TEST(ContactSheet, RefusesNothingAndTooMuch) {
  EXPECT_THAT(RenderContactSheet({}), RefusesNaming(Parts{"contact sheet", "no rows"}));
  ContactSheet tall = OneRow({{Green(), ""}});
  tall.rows.resize(200, tall.rows[0]);
  EXPECT_THAT(RenderContactSheet(tall), RefusesNaming(Parts{"contact sheet", "16000"}));
}

}  // namespace
}  // namespace imprint
