#include "gateway/jobs/run_store.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/jobs/job_state.h"
#include "gateway/jobs/store_fixture.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class RunStoreTest : public StoreFixture {
 protected:
  bool IsLookedAfter(const std::string& id);
  bool GangsAreWhole(const std::vector<RunLease>& leases);

  static v1::RunCheckpoint Checkpoint(int64_t step) {
    v1::RunCheckpoint checkpoint;
    checkpoint.set_step(step);
    checkpoint.set_state(std::string("\0\xff state ", 9) + absl::StrCat(step));
    return checkpoint;
  }

  static v1::PictureDrawn Picture(int64_t index) {
    v1::PictureDrawn picture;
    picture.mutable_request()->set_index(index);
    picture.set_sha256("abc");
    return picture;
  }

  // As the Dispatcher does.
  void ExpireJobs() {
    ASSERT_OK_AND_ASSIGN(const auto expired, runs_.ExpiredJobs());
    for (const std::string& id : expired) EXPECT_THAT(runs_.ExpireJob(id), Succeeds());
  }

  absl::Status DrawAll(const RunLease& lease) {
    for (int64_t i = 0; i < lease.item_count; ++i) {
      const absl::Status drawn =
          runs_.RecordPicture(lease.key, Picture(lease.first_item + i), "imageSets/s");
      if (!drawn.ok()) return drawn;
    }
    return runs_.CompleteChunk(lease.key, "imageSets/s");
  }
};

TEST_F(RunStoreTest, ATrainingGoesFromPendingToSucceeded) {
  Create(Training("a"));
  const RunLease lease = Lease("a");
  EXPECT_EQ(lease.key.attempt(), 1);
  EXPECT_EQ(lease.job.training().token(), "<rex>");
  EXPECT_EQ(State("a"), v1::JOB_STATE_RUNNING);
  v1::TrainingResult result;
  result.set_embedding(std::string("\0bytes", 6));
  ASSERT_THAT(runs_.CompleteTraining(lease.key, result), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
  EXPECT_EQ(runs_.Result("a")->embedding(), result.embedding());
  ASSERT_THAT(runs_.Finish("a", "concepts/rex/embeddings/1"), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(runs_.Finish("a", "concepts/rex/embeddings/1"), Succeeds()) << "done twice";
  EXPECT_EQ(jobs_.Get("t", "a")->result(), "concepts/rex/embeddings/1");
}

TEST_F(RunStoreTest, ASupersededAttemptCannotCommit) {
  Create(Training("a"));
  const RunLease first = Lease("a", "slow");
  ASSERT_THAT(runs_.GiveBack(first.key, {}), Succeeds());
  const RunLease second = Lease("a", "quick");
  EXPECT_EQ(second.key.attempt(), 2);
  const auto refused = Fails(absl::StatusCode::kAborted, HasSubstr("superseded"));
  EXPECT_THAT(runs_.CompleteTraining(first.key, {}), refused);
  EXPECT_THAT(runs_.RecordProgress(first.key, {}), refused);
  EXPECT_THAT(runs_.RecordCheckpoint(first.key, Checkpoint(1)), refused);
  EXPECT_THAT(runs_.GiveBack(first.key, {}), refused);
  EXPECT_THAT(runs_.Reload(first.key), refused);
  EXPECT_THAT(runs_.CompleteTraining(second.key, {}), Succeeds());
  EXPECT_THAT(runs_.CompleteTraining(second.key, {}), refused) << "done once";
}

TEST_F(RunStoreTest, TheNextAttemptResumesFromTheNewestCheckpoint) {
  Create(Training("a"));
  const RunLease first = Lease("a");
  EXPECT_THAT(first.checkpoint, IsEmpty());
  ASSERT_THAT(runs_.RecordCheckpoint(first.key, Checkpoint(50)), Succeeds());
  ASSERT_THAT(runs_.RecordCheckpoint(first.key, Checkpoint(100)), Succeeds());
  ASSERT_THAT(runs_.RecordCheckpoint(first.key, Checkpoint(60)), Succeeds());
  ASSERT_THAT(runs_.GiveBack(first.key, {}), Succeeds());
  EXPECT_EQ(Lease("a").checkpoint, Checkpoint(100).state());
}

TEST_F(RunStoreTest, EveryAttemptComputesWithTheFirstOnesThreads) {
  Create(Training("a"));
  const RunLease first = Lease("a");
  v1::RunStarted started;
  started.set_compute_threads(4);
  ASSERT_THAT(runs_.RecordStart(first.key, started), Succeeds());
  started.set_compute_threads(8);
  ASSERT_THAT(runs_.RecordStart(first.key, started), Succeeds());
  ASSERT_THAT(runs_.GiveBack(first.key, {}), Succeeds());
  EXPECT_EQ(Lease("a").job.training().compute_threads(), 4);
}

TEST_F(RunStoreTest, FaultsWithoutProgressFailTheJobAndProgressForgivesThem) {
  Create(Training("a"));
  for (int i = 0; i < 2; ++i) ASSERT_THAT(runs_.GiveBack(Lease("a").key, {}), Succeeds());
  const RunLease third = Lease("a");
  ASSERT_THAT(runs_.RecordCheckpoint(third.key, Checkpoint(5)), Succeeds());
  ASSERT_THAT(runs_.GiveBack(third.key, {}), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  for (int i = 0; i < 2; ++i) {
    ASSERT_THAT(runs_.GiveBack(Lease("a").key, {.reason = "killed by signal 9"}), Succeeds());
  }
  EXPECT_EQ(State("a"), v1::JOB_STATE_FAILED);
  EXPECT_THAT(jobs_.Get("t", "a")->failure().message(),
              HasSubstr("3 faults without progress; the last: killed by signal 9"));
}

TEST_F(RunStoreTest, WhatIsNoFaultDoesNotCount) {
  Create(Training("a"));
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(
        runs_.GiveBack(Lease("a").key, {.state = v1::ATTEMPT_STATE_STOPPED, .fault = false}),
        Succeeds());
  }
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
}

TEST_F(RunStoreTest, AWaitIsKeptBeforeTheNextAttempt) {
  Create(Training("a"));
  ASSERT_THAT(runs_.GiveBack(Lease("a").key, {.wait = absl::Hours(1)}), Succeeds());
  EXPECT_THAT(runs_.Waiting(10)->jobs, IsEmpty());
}

TEST_F(RunStoreTest, JobsOfAPrecisionThatNobodyHasHideNoOthers) {
  for (const char* id : {"a", "b"}) {
    NewJob created = Training(id);
    created.job.mutable_training()->set_precision("bf16");
    Create(std::move(created));
  }
  Create(Training("unsaid"));
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, runs_.Waiting(2));
  std::vector<std::string> found;
  for (const WaitingJob& job : waiting.jobs) found.push_back(job.precision);
  EXPECT_THAT(found, UnorderedElementsAre("bf16", "fp32"));
}

TEST_F(RunStoreTest, ManyWaitingJobsOfOneTenantHideNoOthers) {
  for (const char* id : {"a", "b", "c"}) Create(Training(id));
  NewJob urgent = Training("urgent");
  urgent.job.set_priority(v1::JOB_PRIORITY_INTERACTIVE);
  Create(std::move(urgent));
  ASSERT_THAT(jobs_.Create("other", Training("other")), Succeeds());
  ASSERT_THAT(jobs_.Create("t", ImageSet("set", 40)), Succeeds()) << "another kind";
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, runs_.Waiting(3));
  std::vector<std::string> ids;
  for (const WaitingJob& job : waiting.jobs) ids.push_back(job.id);
  EXPECT_THAT(ids, UnorderedElementsAre("urgent", "other", "set"));
  EXPECT_TRUE(waiting.cut_off);
  EXPECT_FALSE(runs_.Waiting(100)->cut_off);
  ASSERT_OK_AND_ASSIGN(const auto queue, runs_.Queue());
  EXPECT_EQ(queue.at("training").chunks, 5);
  EXPECT_EQ(queue.at("image_set").chunks, 2);
}

TEST_F(RunStoreTest, JobsWhoseChunksAreAllGivenHideNoOthers) {
  Create(Training("a"));
  Create(Training("b"));
  Lease("a");
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, runs_.Waiting(1));
  ASSERT_THAT(waiting.jobs, SizeIs(1));
  EXPECT_EQ(waiting.jobs[0].id, "b");
  EXPECT_FALSE(waiting.cut_off);
}

TEST_F(RunStoreTest, OneOutageIsOneFaultOfEachChunk) {
  Create(ImageSet("s", 100));
  std::vector<RunLease> leases;
  for (int i = 0; i < 4; ++i) leases.push_back(Lease("s", absl::StrCat("n", i)));
  for (const RunLease& lease : leases) ASSERT_THAT(runs_.GiveBack(lease.key, {}), Succeeds());
  EXPECT_EQ(State("s"), v1::JOB_STATE_PENDING) << "each of its four chunks was tried once";
}

TEST_F(RunStoreTest, AChunkThatNeverComesToAnythingEndsTheJobWhateverOthersDo) {
  Create(ImageSet("s", 100));
  for (int i = 0; i < 3; ++i) {
    const RunLease poison = Lease("s");
    ASSERT_EQ(poison.key.chunk(), 0);
    const RunLease other = Lease("s");
    EXPECT_THAT(DrawAll(other), Succeeds());
    ASSERT_THAT(runs_.GiveBack(poison.key, {.reason = "killed by signal 11"}), Succeeds());
  }
  EXPECT_EQ(State("s"), v1::JOB_STATE_FAILED);
}

TEST_F(RunStoreTest, AJobThatWaitsTooLongFails) {
  NewJob hurried = Training("hurried");
  hurried.job.mutable_timeouts()->mutable_queue()->set_nanos(1000);
  NewJob begun = Training("begun");
  *begun.job.mutable_timeouts() = hurried.job.timeouts();
  Create(Training("patient"));
  Create(std::move(hurried));
  Create(std::move(begun));
  ASSERT_THAT(runs_.RecordStart(Lease("begun").key, {}), Succeeds());
  absl::SleepFor(absl::Milliseconds(5));
  ExpireJobs();
  EXPECT_EQ(jobs_.Get("t", "hurried")->failure().reason(), "QUEUE_TIMEOUT");
  EXPECT_EQ(State("patient"), v1::JOB_STATE_PENDING);
  EXPECT_EQ(State("begun"), v1::JOB_STATE_RUNNING);
}

TEST_F(RunStoreTest, AJobThatTakesTooLongInAllFails) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_total()->set_nanos(1000);
  Create(std::move(created));
  const RunLease lease = Lease("a");
  absl::SleepFor(absl::Milliseconds(5));
  ExpireJobs();
  EXPECT_EQ(jobs_.Get("t", "a")->failure().reason(), "TOTAL_TIMEOUT");
  EXPECT_FALSE(runs_.CompleteTraining(lease.key, {}).ok());
}

TEST_F(RunStoreTest, AJobThatWasGivenAwayButNeverBegunStillWaits) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_queue()->set_nanos(1000);
  Create(std::move(created));
  ASSERT_THAT(runs_.GiveBack(Lease("a").key, {.reason = "refused", .fault = false}), Succeeds());
  absl::SleepFor(absl::Milliseconds(5));
  ExpireJobs();
  EXPECT_EQ(jobs_.Get("t", "a")->failure().reason(), "QUEUE_TIMEOUT");
}

TEST_F(RunStoreTest, AJobThatNeverBegunIsFailedByTheLimitThatPassed) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_queue()->set_seconds(3600);
  created.job.mutable_timeouts()->mutable_total()->set_nanos(1000);
  Create(std::move(created));
  absl::SleepFor(absl::Milliseconds(5));
  ExpireJobs();
  EXPECT_EQ(jobs_.Get("t", "a")->failure().reason(), "TOTAL_TIMEOUT");
}

TEST_F(RunStoreTest, AJobThatEndedMeanwhileDoesNotExpire) {
  Create(Training("a"));
  ASSERT_THAT(runs_.ExpireJob("a"), Succeeds()) << "it has all the time";
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
}

TEST_F(RunStoreTest, WhatHasNoJsonIsNotStored) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_queue()->set_nanos(2'000'000'000);
  EXPECT_THAT(jobs_.Create("t", std::move(created)),
              Fails(absl::StatusCode::kInternal, HasSubstr("cannot be kept")));
  EXPECT_THAT(jobs_.Get("t", "a"), Fails(absl::StatusCode::kNotFound, HasSubstr("jobs/a")));
}

TEST_F(RunStoreTest, AnAttemptThatTakesTooLongIsAFaultAndTheNextOneMayDoBetter) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_attempt()->set_nanos(1000);
  Create(std::move(created));
  Lease("a");
  absl::SleepFor(absl::Milliseconds(5));
  ASSERT_OK_AND_ASSIGN(const auto expired, runs_.ExpiredRuns());
  ASSERT_THAT(expired, SizeIs(1));
  ASSERT_THAT(runs_.GiveBack(expired[0].run.key, expired[0].end), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_THAT(jobs_.Attempts("a")->back(), HasSubstr("longer than timeouts.attempt"));
  EXPECT_EQ(Lease("a").key.attempt(), 2);
}

TEST_F(RunStoreTest, WhatACancelledJobComputedIsCharged) {
  Create(Training("a"));
  Lease("a");
  absl::SleepFor(absl::Milliseconds(20));
  ASSERT_THAT(jobs_.Cancel("t", "a", ""), Succeeds());
  ASSERT_THAT(runs_.Stopped("a"), Succeeds());
  EXPECT_GT((*runs_.Usage())["t"], 0);
}

TEST_F(RunStoreTest, AnExpiredLeaseIsLostAndARenewedOneIsNot) {
  Create(Training("a"));
  Create(Training("b"));
  ASSERT_OK_AND_ASSIGN(const RunLease dead, runs_.Lease("a", {"n"}, absl::Seconds(-1)));
  ASSERT_OK_AND_ASSIGN(const RunLease alive, runs_.Lease("b", {"n"}, absl::Seconds(-1)));
  ASSERT_THAT(runs_.Renew({alive.key}, absl::Minutes(1)), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto expired, runs_.ExpiredRuns());
  ASSERT_THAT(expired, SizeIs(1));
  EXPECT_EQ(expired[0].run.key.job(), "jobs/a");
  EXPECT_EQ(expired[0].end.state, v1::ATTEMPT_STATE_LOST);
  ASSERT_THAT(runs_.GiveBack(expired[0].run.key, expired[0].end), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_EQ(State("b"), v1::JOB_STATE_RUNNING);
}

TEST_F(RunStoreTest, AGangIsOneAttemptOfARunForEachRank) {
  Create(Training("a"));
  ASSERT_OK_AND_ASSIGN(const RunLease lease, runs_.Lease("a", {"x", "y", "x"}, absl::Minutes(1)));
  EXPECT_THAT(lease.nodes, ElementsAre("x", "y", "x"));
  ASSERT_OK_AND_ASSIGN(const auto current, runs_.Current());
  ASSERT_THAT(current, SizeIs(3));
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(current[static_cast<size_t>(rank)].key.rank(), rank);
    EXPECT_EQ(current[static_cast<size_t>(rank)].key.attempt(), 1);
    EXPECT_EQ(current[static_cast<size_t>(rank)].node, rank == 1 ? "y" : "x");
  }
  EXPECT_EQ(runs_.Reload(lease.key)->nodes, lease.nodes);
  ASSERT_OK_AND_ASSIGN(const auto events, jobs_.Events("a", 1, 100));
  EXPECT_THAT(events.back().attempt_change().nodes(), ElementsAre("x", "y", "x"));
  ASSERT_THAT(runs_.GiveBack(lease.key, {.reason = "rank 1 on node y: killed"}), Succeeds());
  EXPECT_THAT(*runs_.Current(), IsEmpty());
  EXPECT_EQ(Lease("a").key.attempt(), 2);
}

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
  RunStore runs(*now, bell);
  ASSERT_OK_AND_ASSIGN(const auto current, runs.Current());
  ASSERT_THAT(current, SizeIs(1));
  EXPECT_EQ(current[0].node, "n");
  EXPECT_EQ(current[0].key.attempt(), 2);
  EXPECT_THAT(runs.GiveBack(current[0].key, {.fault = false}), Succeeds());
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, runs.Waiting(10));
  ASSERT_THAT(waiting.jobs, SizeIs(1));
  EXPECT_EQ(waiting.jobs[0].min_slots, 1);
}

TEST_F(RunStoreTest, AGangIsLostWithAnyOfItsRanks) {
  Create(Training("a"));
  ASSERT_OK_AND_ASSIGN(const RunLease lease, runs_.Lease("a", {"x", "y"}, absl::Seconds(-1)));
  v1::RunKey second = lease.key;
  second.set_rank(1);
  ASSERT_THAT(runs_.Renew({lease.key}, absl::Minutes(1)), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto expired, runs_.ExpiredRuns());
  ASSERT_THAT(expired, SizeIs(1));
  EXPECT_THAT(expired[0].end.reason, HasSubstr("node y was not heard of"));
  ASSERT_THAT(runs_.Renew({second}, absl::Minutes(1)), Succeeds());
  EXPECT_THAT(*runs_.ExpiredRuns(), IsEmpty());
}

TEST_F(RunStoreTest, AnAttemptThatIsOverRenewsNothing) {
  Create(Training("a"));
  const RunLease first = Lease("a");
  ASSERT_THAT(runs_.GiveBack(first.key, {}), Succeeds());
  ASSERT_THAT(runs_.Lease("a", {"n"}, absl::Seconds(-1)), Succeeds());
  ASSERT_THAT(runs_.Renew({first.key}, absl::Minutes(1)), Succeeds());
  EXPECT_THAT(*runs_.ExpiredRuns(), SizeIs(1));
}

TEST_F(RunStoreTest, AGangIsChargedForEachRank) {
  const auto charged = [&](const std::string& job, const std::vector<std::string>& nodes) {
    Create(Training(job));
    const double before = (*runs_.Usage())["t"];
    const auto lease = runs_.Lease(job, nodes, absl::Minutes(1));
    absl::SleepFor(absl::Milliseconds(100));
    EXPECT_THAT(runs_.CompleteTraining(lease->key, {}), Succeeds());
    return (*runs_.Usage())["t"] - before;
  };
  const double one = charged("a", {"x"});
  EXPECT_GT(charged("b", {"x", "y", "z", "x", "y", "z"}), 3 * one);
}

TEST_F(RunStoreTest, AnImageSetIsDrawnInChunksOnSeveralNodesAtOnce) {
  Create(ImageSet("s", 70));
  const RunLease first = Lease("s", "x");
  const RunLease second = Lease("s", "y");
  EXPECT_EQ(second.first_item, 32);
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, runs_.Waiting(10));
  ASSERT_THAT(waiting.jobs, SizeIs(1));
  EXPECT_EQ(waiting.jobs[0].chunks, 1);
  ASSERT_OK_AND_ASSIGN(const auto current, runs_.Current());
  ASSERT_THAT(current, SizeIs(2));
  EXPECT_EQ(current[0].tenant, "t");
  const RunLease third = Lease("s", "z");
  EXPECT_EQ(third.item_count, 6);
  EXPECT_THAT(runs_.Lease("s", {"w"}, absl::Minutes(1)),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("no chunk")));
  EXPECT_THAT(DrawAll(first), Succeeds());
  EXPECT_THAT(DrawAll(third), Succeeds());
  EXPECT_EQ(State("s"), v1::JOB_STATE_RUNNING);
  EXPECT_THAT(DrawAll(second), Succeeds());
  EXPECT_EQ(State("s"), v1::JOB_STATE_FINALIZING);
  EXPECT_EQ(jobs_.Get("t", "s")->items_done(), 70);
}

TEST_F(RunStoreTest, APictureCountsOnceAndIsNotDrawnAgain) {
  Create(ImageSet("s", 4));
  const RunLease first = Lease("s");
  ASSERT_THAT(runs_.RecordPicture(first.key, Picture(2), "imageSets/s"), Succeeds());
  ASSERT_THAT(runs_.RecordPicture(first.key, Picture(2), "imageSets/s"), Succeeds());
  EXPECT_EQ(jobs_.Get("t", "s")->items_done(), 1);
  EXPECT_THAT(runs_.CompleteChunk(first.key, "imageSets/s"),
              Fails(absl::StatusCode::kInternal, HasSubstr("missing")));
  ASSERT_THAT(runs_.GiveBack(first.key, {}), Succeeds());
  EXPECT_EQ(Lease("s").done_bits, 4u);
}

TEST_F(RunStoreTest, CancelStopsEveryStateAndNothingIsCommittedAfterIt) {
  Create(Training("pending"));
  Create(Training("running"));
  Create(Training("finalizing"));
  const RunLease running = Lease("running");
  ASSERT_THAT(runs_.CompleteTraining(Lease("finalizing").key, {}), Succeeds());
  for (const char* id : {"pending", "running", "finalizing"}) {
    ASSERT_THAT(jobs_.Cancel("t", id, "enough"), Succeeds());
    ASSERT_THAT(jobs_.Cancel("t", id, "again"), Succeeds());
  }
  EXPECT_EQ(State("pending"), v1::JOB_STATE_CANCELLING);
  EXPECT_THAT(runs_.CompleteTraining(running.key, {}),
              Fails(absl::StatusCode::kAborted, HasSubstr("superseded")));
  for (const char* id : {"pending", "running"}) {
    ASSERT_THAT(runs_.Stopped(id), Succeeds());
    EXPECT_EQ(State(id), v1::JOB_STATE_CANCELLED);
  }
  EXPECT_EQ(State("finalizing"), v1::JOB_STATE_FINALIZING) << "its result was there already";
}

TEST_F(RunStoreTest, AFatalEndFailsTheJobAndLeavesItToBeCleanedUp) {
  Create(Training("a"));
  RunEnd end = {.fatal = true};
  end.failure.set_reason("BAD_INPUT");
  end.failure.set_message("token: got \"dog\"");
  ASSERT_THAT(runs_.GiveBack(Lease("a").key, end), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FAILED);
  ASSERT_THAT(Unfinished(), SizeIs(1));
  ASSERT_THAT(runs_.Stopped("a"), Succeeds());
  EXPECT_THAT(Unfinished(), IsEmpty());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FAILED);
}

// Whether a job is where somebody looks for work: waiting, running, or to be brought to its end.
bool RunStoreTest::IsLookedAfter(const std::string& id) {
  const auto waiting = runs_.Waiting(1000);
  const auto current = runs_.Current();
  const std::vector<UnfinishedJob> unfinished = Unfinished();
  return std::any_of(waiting->jobs.begin(), waiting->jobs.end(),
                     [&](const WaitingJob& job) { return job.id == id; }) ||
         std::any_of(
             current->begin(), current->end(),
             [&](const CurrentRun& run) { return run.key.job() == absl::StrCat("jobs/", id); }) ||
         std::any_of(unfinished.begin(), unfinished.end(),
                     [&](const UnfinishedJob& job) { return job.id == id; });
}

// Whether of each attempt that runs all ranks do, and of no job two attempts at one chunk.
bool RunStoreTest::GangsAreWhole(const std::vector<RunLease>& leases) {
  const auto current = runs_.Current();
  std::map<std::pair<int64_t, int>, size_t> ranks;
  std::map<int64_t, int> attempts;
  for (const CurrentRun& run : *current) {
    const auto known = attempts.try_emplace(run.key.chunk(), run.key.attempt()).first;
    if (known->second != run.key.attempt()) return false;
    size_t& next = ranks[{run.key.chunk(), run.key.attempt()}];
    if (run.key.rank() != static_cast<int>(next++)) return false;
  }
  return std::all_of(ranks.begin(), ranks.end(), [&](const auto& gang) {
    return std::any_of(leases.begin(), leases.end(), [&](const RunLease& lease) {
      return std::pair(lease.key.chunk(), lease.key.attempt()) == gang.first &&
             lease.nodes.size() == gang.second;
    });
  });
}

// Random histories: whatever happens in whatever order, no job is lost, no picture counts twice,
// results are committed once, and a terminal state stays.
TEST_F(RunStoreTest, KeepsItsPromisesUnderRandomHistories) {
  std::mt19937 random(11);
  std::map<std::string, v1::JobState> ended;
  for (int round = 0; round < 12; ++round) {
    const std::string id = absl::StrCat("r", round);
    const bool training = random() % 2 == 0;
    Create(training ? Training(id) : ImageSet(id, 40));
    std::vector<RunLease> leases;
    int commits = 0;
    for (int step = 0; step < 80 && !IsTerminal(State(id)); ++step) {
      switch (random() % 10) {
        case 0:
        case 1:
        case 2: {
          const std::vector<std::string> nodes(training ? 1 + random() % 3 : 1, "n");
          const auto lease = runs_.Lease(id, nodes, absl::Minutes(random() % 4) - absl::Seconds(1));
          if (lease.ok()) leases.push_back(*lease);
          break;
        }
        case 3:
          if (!leases.empty()) {
            (void)runs_.GiveBack(leases[random() % leases.size()].key,
                                 {.fault = random() % 4 == 0});
          }
          break;
        case 6: {
          ASSERT_OK_AND_ASSIGN(const auto expired, runs_.ExpiredRuns());
          for (const ExpiredRun& each : expired) (void)runs_.GiveBack(each.run.key, each.end);
          break;
        }
        case 4:
          if (random() % 12 == 0) (void)jobs_.Cancel("t", id, "");
          break;
        case 5:
          for (const UnfinishedJob& job : Unfinished()) {
            if (job.state == v1::JOB_STATE_FINALIZING) {
              (void)runs_.Finish(job.id, "result");
            } else {
              (void)runs_.Stopped(job.id);
            }
          }
          break;
        default:
          if (!leases.empty()) {
            const RunLease& lease = leases[random() % leases.size()];
            if (training) {
              commits += runs_.CompleteTraining(lease.key, {}).ok() ? 1 : 0;
            } else {
              (void)DrawAll(lease);
            }
          }
      }
      const v1::Job job = *jobs_.Get("t", id);
      EXPECT_TRUE(IsTerminal(job.state()) || IsLookedAfter(id)) << v1::JobState_Name(job.state());
      EXPECT_TRUE(GangsAreWhole(leases));
      EXPECT_LE(commits, 1);
      EXPECT_LE(job.items_done(), 40);
      if (job.state() == v1::JOB_STATE_SUCCEEDED && !training) {
        EXPECT_EQ(job.items_done(), 40);
      }
    }
    // Whatever was left is brought to an end.
    (void)jobs_.Cancel("t", id, "");
    for (const UnfinishedJob& job : Unfinished()) {
      (void)(job.state == v1::JOB_STATE_FINALIZING ? runs_.Finish(job.id, "result")
                                                   : runs_.Stopped(job.id));
    }
    ended[id] = State(id);
    EXPECT_TRUE(IsTerminal(ended[id]));
    ASSERT_OK_AND_ASSIGN(const auto events, jobs_.Events(id, 1, 10'000));
    int successes = 0;
    for (size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(events[i].number(), i + 1);
      successes += events[i].state_change().to() == v1::JOB_STATE_SUCCEEDED ? 1 : 0;
      if (i + 1 < events.size()) {
        EXPECT_FALSE(IsTerminal(events[i].state_change().to()));
      }
    }
    EXPECT_LE(successes, 1);
    for (const RunLease& lease : leases) {
      EXPECT_FALSE(runs_.CompleteTraining(lease.key, {}).ok());
    }
  }
  for (const auto& [id, state] : ended) EXPECT_EQ(State(id), state);
}

}  // namespace
}  // namespace imprint::gateway
