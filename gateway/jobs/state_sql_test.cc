#include "gateway/jobs/state_sql.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <imprint/v1/job.pb.h>

#include "gateway/jobs/job_schema.h"
#include "gateway/jobs/job_state.h"

namespace imprint::gateway {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST(StateSql, NamesStandForTheStatesNumbers) {
  EXPECT_EQ(Sql("where j.state = {job_running} and c.state = {chunk_running}"),
            "where j.state = 2 and c.state = 1");
  EXPECT_EQ(Sql("state in ({to_end})", " or state in ({may_succeed})"),
            "state in (3, 4) or state in (1, 2, 3)");
  EXPECT_EQ(Sql("state = {chunk_waiting}"), "state = 0");
}

TEST(StateSql, LiveJobsAreThoseThatHaveNotEnded) {
  std::string live;
  for (int state = v1::JOB_STATE_PENDING; v1::JobState_IsValid(state); ++state) {
    if (IsTerminal(static_cast<v1::JobState>(state))) continue;
    absl::StrAppend(&live, live.empty() ? "" : ", ", state);
  }
  EXPECT_EQ(Sql("{live}"), live);
}

TEST(StateSql, WhatIsToRunReadsAsItsIndexHasIt) {
  EXPECT_THAT(JobMigrations().front().statements,
              Contains(AllOf(HasSubstr("create index jobs_to_run "),
                             HasSubstr(Sql("where state in ({to_run})")))));
}

TEST(StateSql, WhatIsNoNameStays) { EXPECT_EQ(Sql("state = {alive}"), "state = {alive}"); }

}  // namespace
}  // namespace imprint::gateway
