#include "cli/pictures/drawing_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

TEST(ParseSeeds, ReadsNumbersAndRanges) {
  EXPECT_THAT(*ParseSeeds("1,2,5-8"), ElementsAre(1, 2, 5, 6, 7, 8));
  EXPECT_THAT(*ParseSeeds("18446744073709551615"), ElementsAre(18446744073709551615ULL));
  for (const char* bad :
       {"", "x", "3-1", "1-2-3", "-4", "1,", "0-18446744073709551615", "1-20000"}) {
    EXPECT_THAT(ParseSeeds(bad), RefusesNaming(Parts{"seeds"})) << bad;
  }
}

TEST(ParseSize, ReadsSidesAndSquares) {
  EXPECT_EQ(ParseSize("")->width, 0);
  EXPECT_EQ(ParseSize("640x512")->width, 640);
  EXPECT_EQ(ParseSize("640x512")->height, 512);
  EXPECT_EQ(ParseSize("96")->height, 96);
  EXPECT_THAT(ParseSize("wide"), RefusesNaming(Parts{"size", "wide"}));
}

TEST(ParsePictureFormat, KnowsThree) {
  EXPECT_EQ(*ParsePictureFormat("jpg"), PictureFormat::kJpeg);
  EXPECT_THAT(ParsePictureFormat("gif"), RefusesNaming(Parts{"format", "gif", "webp"}));
}

TEST(ReadPrompts, LeavesBlankLinesOut) {
  const ScratchFolder folder;
  EXPECT_THAT(*ReadPrompts(folder.Write("prompts", "<pip> asleep \r\n\n  <pip> awake")),
              ElementsAre("<pip> asleep", "<pip> awake"));
  EXPECT_THAT(ReadPrompts(folder.path() / "none"), RefusesNaming(Parts{"prompts", "none"}));
}

TEST(PictureCount, RefusesNothingAndTooMuch) {
  EXPECT_THAT(CheckPictureCount(0, 1), RefusesNaming(Parts{"prompt", "none"}));
  EXPECT_THAT(CheckPictureCount(1, 0), RefusesNaming(Parts{"seeds"}));
  EXPECT_THAT(CheckPictureCount(5001, 2), RefusesNaming(Parts{"5001 prompts", "10000"}));
  EXPECT_THAT(CheckPictureCount(5000, 2), Succeeds());
}

TEST(PictureFileName, AHostilePromptCannotLeaveTheFolder) {
  EXPECT_EQ(PictureFileName(2, "<pip> in the Snow!", 7), "002-pip-in-the-snow-s7");
  EXPECT_EQ(PictureFileName(1, "../../etc/passwd", 1), "001-etc-passwd-s1");
  EXPECT_EQ(PictureFileName(3, "漢字", 3), "003-picture-s3");
}

}  // namespace
}  // namespace imprint::cli
