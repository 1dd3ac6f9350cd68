#include "base/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

TEST(ReadTextFile, TakesTheByteOrderMarkAway) {
  const ScratchFolder folder;
  EXPECT_THAT(ReadTextFile(folder.Write("a", "\xEF\xBB\xBFone\r\ntwo"), 100),
              SucceedsWith("one\r\ntwo"));
  EXPECT_THAT(ReadTextFile(folder.Write("b", ""), 100), SucceedsWith(""));
  EXPECT_THAT(ReadTextFile(folder.Write("c", "é"), 100), SucceedsWith("é"));
}

TEST(ReadTextFile, RefusesOtherEncodingsByName) {
  const ScratchFolder folder;
  const std::string utf16(
      "\xFF\xFE"
      "a\0b\0",
      6);
  EXPECT_THAT(ReadTextFile(folder.Write("little", utf16), 100),
              RefusesNaming(Parts{"little", "got UTF-16", "UTF-8"}));
  EXPECT_THAT(ReadTextFile(folder.Write("big", "\xFE\xFFx"), 100), RefusesNaming(Parts{"UTF-16"}));
  EXPECT_THAT(ReadTextFile(folder.Write("bare", utf16.substr(2)), 100),
              RefusesNaming(Parts{"UTF-16"}));
  EXPECT_THAT(ReadTextFile(folder.Write("wide", std::string("\xFF\xFE\0\0", 4)), 100),
              RefusesNaming(Parts{"UTF-32"}));
  EXPECT_THAT(ReadTextFile(folder.Write("long", "abcdef"), 5),
              RefusesNaming(Parts{"long", "6 bytes", "at most 5"}));
}

TEST(SplitLines, KnowsEverySystemsEnds) {
  EXPECT_THAT(SplitLines("a\nb\r\nc\rd"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(SplitLines("a\n\n"), ElementsAre("a", ""));
  EXPECT_THAT(SplitLines(""), ElementsAre());
}

}  // namespace
}  // namespace imprint
