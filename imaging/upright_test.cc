#include "imaging/upright.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint {
namespace {

using ::testing::ElementsAre;

// The first numbers of the pixels, row by row, of 1 2 3 / 4 5 6 once it is turned.
std::vector<int> Turned(int orientation) {
  UprightPicture picture({3, 2}, orientation);
  for (int y = 0; y < 2; ++y) {
    std::vector<uint8_t> row(9);
    for (int x = 0; x < 3; ++x) row[3 * x] = static_cast<uint8_t>(3 * y + x + 1);
    picture.SetRow(y, row.data());
  }
  const RgbImage image = std::move(picture).Take();
  std::vector<int> numbers;
  for (size_t i = 0; i < image.pixels.size(); i += 3) numbers.push_back(image.pixels[i]);
  EXPECT_EQ(image.width, orientation < 5 ? 3 : 2);
  return numbers;
}

// TIFF 6.0's table of where row 0 and column 0 are seen.
TEST(UprightPicture, TurnsAsTheOrientationSays) {
  EXPECT_THAT(Turned(1), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(Turned(2), ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(Turned(3), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(Turned(4), ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(Turned(5), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(Turned(6), ElementsAre(4, 1, 5, 2, 6, 3));
  EXPECT_THAT(Turned(7), ElementsAre(6, 3, 5, 2, 4, 1));
  EXPECT_THAT(Turned(8), ElementsAre(3, 6, 2, 5, 1, 4));
}

}  // namespace
}  // namespace imprint
