#include "rpc/page.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

TEST(Page, ATokenGoesOnBehindItsKey) {
  ASSERT_OK_AND_ASSIGN(const Page page, ParsePage(7, MakePageToken("jobs", "k/1 2"), "jobs"));
  EXPECT_EQ(page.size, 7);
  EXPECT_EQ(page.after, "k/1 2");
}

TEST(Page, TheDefaultSizeIsFifty) {
  ASSERT_OK_AND_ASSIGN(const Page page, ParsePage(0, "", "jobs"));
  EXPECT_EQ(page.size, 50);
}

TEST(Page, AnotherListsTokenAndBadSizesAreRefused) {
  EXPECT_THAT(ParsePage(1, MakePageToken("concepts", "x"), "jobs"),
              RefusesNaming(std::vector<std::string>{"page_token"}));
  EXPECT_THAT(ParsePage(1, "no base64!", "jobs"),
              RefusesNaming(std::vector<std::string>{"page_token", "no base64!"}));
  EXPECT_THAT(ParsePage(-1, "", "jobs"),
              RefusesNaming(std::vector<std::string>{"page_size", "-1"}));
  EXPECT_THAT(ParsePage(1001, "", "jobs"),
              RefusesNaming(std::vector<std::string>{"page_size", "1001"}));
}

TEST(Page, AListByNumbersGoesOnBehindOne) {
  EXPECT_EQ(*NumberAfter(Page{}, -1), -1);
  EXPECT_EQ(*NumberAfter(Page{.after = "7"}, -1), 7);
  EXPECT_THAT(NumberAfter(Page{.after = "rex"}, -1),
              RefusesNaming(std::vector<std::string>{"page_token", "another list"}));
}

TEST(Page, IsFullOfResourcesOrOfBytes) {
  PageRoom few(Page{.size = 2});
  EXPECT_TRUE(few.Take(1));
  EXPECT_TRUE(few.Take(1));
  EXPECT_FALSE(few.Take(1));
  PageRoom large(Page{.size = 1000});
  EXPECT_TRUE(large.Take(10 << 20)) << "one goes on it, however large";
  EXPECT_FALSE(large.Take(1));
  PageRoom many(Page{.size = 1000});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(many.Take(1 << 20));
  EXPECT_FALSE(many.Take(1 << 20));
}

}  // namespace
}  // namespace imprint
