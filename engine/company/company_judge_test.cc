#include "engine/company/company_judge.h"

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

TEST(CompanyJudge, AProgramAloneHasNoCompany) {
  CompanyJudge judge;
  for (const double contention : {0.0, 0.09, 0.2, 0.0, 0.2}) EXPECT_FALSE(judge.Judge(contention));
}

TEST(CompanyJudge, TwoLoudMeasuresInARowAreCompany) {
  CompanyJudge judge;
  EXPECT_FALSE(judge.Judge(0.01));
  EXPECT_FALSE(judge.Judge(0.4));
  EXPECT_TRUE(judge.Judge(0.4));
}

TEST(CompanyJudge, AMomentNowAndThenIsNot) {
  CompanyJudge judge;
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(judge.Judge(i % 2 == 0 ? 0.4 : 0.05)) << i;
}

TEST(CompanyJudge, CompanyIsGoneWhenItIsQuietForAWhile) {
  CompanyJudge judge;
  judge.Judge(0.5);
  EXPECT_TRUE(judge.Judge(0.5));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(judge.Judge(0.05)) << i;
  EXPECT_FALSE(judge.Judge(0.05));
  EXPECT_FALSE(judge.Judge(0.05));
}

TEST(CompanyJudge, APauseOfTheOthersIsNotTheirEnd) {
  CompanyJudge judge;
  judge.Judge(0.5);
  EXPECT_TRUE(judge.Judge(0.5));
  for (int i = 0; i < 4; ++i) judge.Judge(0.05);
  EXPECT_TRUE(judge.Judge(0.15));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(judge.Judge(0.05)) << i;
}

}  // namespace
}  // namespace imprint::engine
