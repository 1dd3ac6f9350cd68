#include "gateway/jobs/job_row.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_macros.h"
#include "gateway/jobs/store_fixture.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;

using JobRowTest = StoreFixture;

TEST_F(JobRowTest, EveryEventIsMarkedWithWhatItTells) {
  Create(Training("a"));
  const RunLease lease = Lease("a");
  ASSERT_THAT(records_.RecordProgress(lease.key, {}), Succeeds());
  ASSERT_THAT(records_.RecordCheckpoint(lease.key, Checkpoint(1)), Succeeds());
  Create(ImageSet("s", 1));
  ASSERT_THAT(records_.RecordPicture(Lease("s").key, Picture(0), "imageSets/s"), Succeeds());
  std::vector<std::string> kinds;
  ASSERT_THAT(database_->Read([&](soci::session& sql) -> absl::Status {
    std::string kind;
    soci::statement rows =
        (sql.prepare << "select kind from events order by job, number", soci::into(kind));
    rows.execute();
    while (rows.fetch()) kinds.push_back(kind);
    return absl::OkStatus();
  }),
              Succeeds());
  EXPECT_THAT(kinds, ElementsAre("state", "state", "attempt", "progress", "checkpoint",  // a
                                 "state", "state", "attempt", "picture"));               // s
}

TEST_F(JobRowTest, OldProgressIsForgottenAndWhatElseHappenedIsNot) {
  Create(Training("a"));
  ASSERT_THAT(database_->Write([](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(JobRow row, LoadJob(sql, "a"));
    v1::JobEvent progress;
    progress.mutable_progress()->set_step(1);
    v1::JobEvent checkpoint;
    checkpoint.mutable_checkpoint()->set_step(1);
    RETURN_IF_ERROR(AddEvent(sql, row, progress));
    RETURN_IF_ERROR(AddEvent(sql, row, checkpoint));
    while (row.job.last_event() < 1280) RETURN_IF_ERROR(AddEvent(sql, row, progress));
    return SaveJob(sql, row);
  }),
              Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto events, jobs_.Events("a", 1, 10'000));
  ASSERT_EQ(events.size(), 1003);
  EXPECT_TRUE(events[0].has_state_change());
  EXPECT_TRUE(events[1].has_checkpoint());
  EXPECT_EQ(events[1].number(), 3);
  EXPECT_EQ(events[2].number(), 280);
  EXPECT_EQ(events.back().number(), 1280);
}

}  // namespace
}  // namespace imprint::gateway
