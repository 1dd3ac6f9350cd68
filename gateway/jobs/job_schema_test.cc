#include "gateway/jobs/job_schema.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_macros.h"
#include "base/status_matchers.h"
#include "gateway/jobs/event_bell.h"
#include "gateway/jobs/job_store.h"
#include "gateway/jobs/run_stores.h"
#include "rpc/proto_json.h"
#include "storage/database.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
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

// As a gateway that knew no kinds has stored it.
absl::Status AddOldEvent(Database& database, v1::JobEvent event) {
  return database.Write([&](soci::session& sql) -> absl::Status {
    const int is_progress = event.has_progress() ? 1 : 0;
    const int64_t number = event.number();
    ASSIGN_OR_RETURN(const std::string body, ToJsonText(event));
    sql << "insert into events (job, number, is_progress, body) values ('a', :n, :p, :b)",
        soci::use(number), soci::use(is_progress), soci::use(body);
    return absl::OkStatus();
  });
}

TEST(JobMigrations, EventsFromBeforeThereWereKindsAreFound) {
  const ScratchFolder folder;
  const std::vector<Migration> before(JobMigrations().begin(), JobMigrations().begin() + 5);
  {
    ASSERT_OK_AND_ASSIGN(const auto old, Database::OpenSqlite(folder.path() / "g.db", before));
    std::vector<v1::JobEvent> events(7);
    for (size_t i = 0; i < events.size(); ++i) events[i].set_number(static_cast<int64_t>(i) + 1);
    events[0].mutable_state_change()->set_to(v1::JOB_STATE_PENDING);
    events[1].set_attempt(1);
    events[1].set_node("x");
    events[1].mutable_attempt_change()->set_state(v1::ATTEMPT_STATE_STARTED);
    events[1].mutable_attempt_change()->add_nodes("x");
    events[1].mutable_attempt_change()->add_nodes("y");
    events[2].mutable_progress()->set_step(3);
    events[3].mutable_checkpoint()->set_step(3);
    events[4].mutable_picture()->set_prompt("a \"progress\": of the \"checkpoint\":");
    events[5].set_attempt(1);
    events[5].set_node("x");
    events[5].mutable_attempt_change()->set_state(v1::ATTEMPT_STATE_LOST);
    events[5].mutable_attempt_change()->set_reason("node y was not heard of in time");
    events[6].mutable_state_change()->set_to(v1::JOB_STATE_CANCELLING);
    events[6].mutable_state_change()->set_reason("enough of \"attemptChange\":");
    for (const v1::JobEvent& event : events) ASSERT_THAT(AddOldEvent(*old, event), Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const auto now,
                       Database::OpenSqlite(folder.path() / "g.db", JobMigrations()));
  EventBell bell;
  JobStore jobs(*now, bell, {});
  ASSERT_OK_AND_ASSIGN(const auto attempts, jobs.Attempts("a"));
  EXPECT_THAT(attempts, ElementsAre("attempt 1 on x, y: started",
                                    "attempt 1 on x: lost, node y was not heard of in time"));
  EXPECT_EQ(*jobs.CancelReason("a"), "enough of \"attemptChange\":");
  ASSERT_OK_AND_ASSIGN(
      const auto kinds, now->Read([](soci::session& sql) -> absl::StatusOr<std::string> {
        std::string all;
        std::string kind;
        soci::statement rows =
            (sql.prepare << "select kind from events order by number", soci::into(kind));
        rows.execute();
        while (rows.fetch()) absl::StrAppend(&all, kind, " ");
        return all;
      }));
  EXPECT_EQ(kinds, "state attempt progress checkpoint picture attempt state ");
}

}  // namespace
}  // namespace imprint::gateway
