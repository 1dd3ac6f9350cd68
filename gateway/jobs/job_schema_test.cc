#include "gateway/jobs/job_schema.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "gateway/jobs/event_bell.h"
#include "gateway/jobs/run_stores.h"
#include "storage/database.h"

namespace imprint::gateway {
namespace {

using ::testing::SizeIs;

// A gateway that is replaced while something runs.
TEST(JobMigrations, WhatRanBeforeThereWereSeatsHasOne) {
  const ScratchFolder folder;
  const std::vector<Migration> before(JobMigrations().begin(), JobMigrations().begin() + 3);
  {
    ASSERT_OK_AND_ASSIGN(const auto old, Database::OpenSqlite(folder.path() / "g.db", before));
    ASSERT_THAT(old->Write([](soci::session& sql) -> absl::Status {
      sql << "insert into jobs (id, tenant, kind, state, priority, slots, create_us, chunk_items,"
             " items_total, base_model, reference_set, concept, token, queue_until_us,"
             " total_until_us, attempt_us, fingerprint, trace_id, model, spec, job)"
             " values ('a', 't', 'training', 2, 1, 1, 0, 0, 0, '', '', '', '', 0, 0, 0, '', '',"
             " '{}', '{}', '{\"state\": \"JOB_STATE_RUNNING\", \"maxAttempts\": 3}')";
      sql << "insert into chunks (job, chunk, first_item, item_count, state, attempt, node)"
             " values ('a', 0, 0, 0, 1, 2, 'n')";
      return absl::OkStatus();
    }),
                Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const auto now,
                       Database::OpenSqlite(folder.path() / "g.db", JobMigrations()));
  EventBell bell;
  RunStores runs(*now, bell);
  ASSERT_OK_AND_ASSIGN(const auto current, runs.leases.Current());
  ASSERT_THAT(current, SizeIs(1));
  EXPECT_EQ(current[0].node, "n");
  EXPECT_EQ(current[0].key.attempt(), 2);
  EXPECT_THAT(runs.records.GiveBack(current[0].key, {.fault = false}), Succeeds());
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, runs.queue.Waiting(10));
  ASSERT_THAT(waiting.jobs, SizeIs(1));
  EXPECT_EQ(waiting.jobs[0].min_slots, 1);
}

}  // namespace
}  // namespace imprint::gateway
