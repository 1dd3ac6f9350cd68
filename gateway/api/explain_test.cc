#include "gateway/api/explain.h"

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

v1::Job Pending() {
  v1::Job job;
  job.set_name("jobs/mine");
  job.set_state(v1::JOB_STATE_PENDING);
  job.mutable_training()->set_ranks(2);
  return job;
}

ClusterSnapshot Busy() {
  ClusterSnapshot now = {.nodes = {{.node = "a", .free_slots = 1, .slots = 2}}};
  for (const char* job : {"x", "y", "z", "mine"}) {
    now.waiting.push_back({.job = job, .tenant = "t", .slots = 2, .age_us = job[0] == 'm' ? 1 : 5});
  }
  return now;
}

TEST(Explain, SaysWhatAWaitingJobNeedsAndWhatIsAhead) {
  const auto explained = Explain(Pending(), Busy(), {});
  EXPECT_EQ(explained.summary(), "waiting: needs 2 free ranks, 1 free; 3 jobs ahead");
  EXPECT_EQ(explained.jobs_ahead(), 3);
}

TEST(Explain, SaysWhoHasTheSlots) {
  ClusterSnapshot now = Busy();
  now.runs = {
      {.job = "late", .node = "b", .priority = v1::JOB_PRIORITY_BULK, .began_us = 2'000'000},
      {.job = "drawing", .node = "s", .kind = WorkKind::kSampling},
      {.job = "early", .node = "a", .began_us = 1'000'000, .stopping = true}};
  const auto explained = Explain(Pending(), now, {});
  EXPECT_EQ(explained.summary(),
            "waiting: needs 2 free ranks, 1 free, held by jobs/early on a (giving way) and "
            "jobs/late on b; 3 jobs ahead");
  ASSERT_EQ(explained.holders_size(), 2);
  EXPECT_EQ(explained.holders(1).job(), "jobs/late");
  EXPECT_EQ(explained.holders(1).node(), "b");
  EXPECT_EQ(explained.holders(1).priority(), v1::JOB_PRIORITY_BULK);
  EXPECT_EQ(explained.holders(1).start_time().seconds(), 2);
  EXPECT_TRUE(explained.holders(0).stopping());
}

TEST(Explain, NamesAFewOfMany) {
  ClusterSnapshot now = Busy();
  for (int i = 0; i < 20; ++i) {
    now.runs.push_back({.job = absl::StrCat("j", i), .node = "a", .began_us = i});
  }
  const auto explained = Explain(Pending(), now, {});
  EXPECT_EQ(explained.holders_size(), 10);
  EXPECT_EQ(explained.summary(),
            "waiting: needs 2 free ranks, 1 free, held by jobs/j0 on a, jobs/j1 on a, jobs/j2 on a "
            "and others; 3 jobs ahead");
}

TEST(Explain, SlotsThatAnUrgentTrainingKeepsFreeAreNotFreeForOthers) {
  ClusterSnapshot now = Busy();
  now.nodes[0].pack = 2;
  now.nodes[0].trainings = {{.model = "m", .precision = "fp32", .priority = 3}};
  v1::Job job = Pending();
  job.set_priority(v1::JOB_PRIORITY_BULK);
  const auto explained = Explain(job, now, {});
  EXPECT_EQ(explained.slots_free(), 0);
  EXPECT_THAT(explained.summary(),
              ::testing::HasSubstr("needs 2 free ranks, 0 free, 1 kept free for urgent trainings"));
  job.set_priority(v1::JOB_PRIORITY_INTERACTIVE);
  EXPECT_EQ(Explain(job, now, {}).slots_free(), 1);
}

TEST(Explain, SlotsOfTrainersAreNoneThatAnImageSetWaitsFor) {
  ClusterSnapshot now = {
      .nodes = {{.node = "t", .free_slots = 1, .slots = 2, .pack = 2},
                {.node = "s", .kind = WorkKind::kSampling, .free_slots = 0, .slots = 1}}};
  now.nodes[0].trainings = {{.model = "m", .precision = "fp32", .priority = 3}};
  now.waiting = {{.job = "mine", .tenant = "t", .kind = WorkKind::kSampling}};
  v1::Job job;
  job.set_name("jobs/mine");
  job.set_state(v1::JOB_STATE_PENDING);
  job.mutable_image_set();
  EXPECT_EQ(Explain(job, now, {}).summary(),
            "waiting: needs 1 free sampler slot, 0 free; 0 jobs ahead");
}

TEST(Explain, SaysThatThereIsNoNode) {
  ClusterSnapshot now = Busy();
  now.nodes.clear();
  EXPECT_EQ(Explain(Pending(), now, {}).summary(),
            "waiting: no trainer is up that takes work; imprint nodes shows them");
}

TEST(Explain, SaysThatNoNodeComputesInItsPrecision) {
  v1::Job job = Pending();
  job.mutable_training()->set_precision("bf16");
  const auto explained = Explain(job, Busy(), {});
  EXPECT_EQ(explained.summary(),
            "waiting: no trainer is up that computes in bf16; imprint nodes shows them");
  EXPECT_EQ(explained.slots_free(), 0);
}

// A set of which 16 pictures are done, with the places of its batches, and a sampler.
struct Drawing {
  v1::Job job;
  ClusterSnapshot now = {
      .nodes = {
          {.node = "s", .kind = WorkKind::kSampling, .free_slots = 1, .slots = 1, .batch = 4}}};

  explicit Drawing(v1::JobState state) {
    job.set_name("jobs/mine");
    job.set_state(state);
    job.set_items_done(16);
    job.set_items_total(70);
    job.mutable_image_set()->set_batch_places(8);
    now.waiting.push_back({.job = "mine", .tenant = "t", .kind = WorkKind::kSampling, .places = 8});
  }
};

TEST(Explain, SaysThatNoSamplerHasTheBatch) {
  Drawing set(v1::JOB_STATE_PENDING);
  const auto explained = Explain(set.job, set.now, {});
  EXPECT_EQ(explained.summary(),
            "waiting: no sampler is up whose batches have 8 places, as this set's have; imprint "
            "nodes shows them");
  EXPECT_EQ(explained.slots_free(), 0);
  set.now.nodes[0].batch = 8;
  EXPECT_EQ(Explain(set.job, set.now, {}).slots_free(), 1);
  // What it would have if it began now counts as well.
  set.job.mutable_image_set()->clear_batch_places();
  set.now.waiting[0].places = 16;
  EXPECT_EQ(Explain(set.job, set.now, {}).slots_free(), 0);
}

TEST(Explain, SaysWhyAJobThatHasBegunDoesNotGoOn) {
  Drawing set(v1::JOB_STATE_RUNNING);
  const auto summary = [&] { return Explain(set.job, set.now, {}).summary(); };
  EXPECT_EQ(summary(),
            "running: 16 of 70 pictures; but no sampler is up whose batches have 8 places, as this "
            "set's have; imprint nodes shows them");
  set.now.runs = {{.job = "mine", .node = "gone", .kind = WorkKind::kSampling}};
  EXPECT_EQ(summary(), "running: 16 of 70 pictures");
  set.now.runs.clear();
  set.now.nodes[0].batch = 8;
  EXPECT_EQ(summary(), "running: 16 of 70 pictures") << "it is about to";
}

TEST(Explain, AutoIsWhatTheSchedulerWouldChooseNow) {
  v1::Job job = Pending();
  job.mutable_training()->set_precision("auto");
  ClusterSnapshot now = Busy();
  now.nodes.push_back({.node = "b", .free_slots = 1, .slots = 1, .precisions = {"bf16", "fp32"}});
  EXPECT_EQ(Explain(job, now, {}).slots_free(), 2);
  now.waiting.back().precision = "bf16";
  const auto explained = Explain(job, now, {});
  EXPECT_EQ(explained.slots_free(), 1);
  EXPECT_EQ(explained.summary(),
            "waiting: needs 2 ranks, and the trainers that are up have 1; with fewer --min-ranks "
            "it would begin");
  now.waiting.clear();
  EXPECT_EQ(Explain(job, now, {}).slots_free(), 2) << "it is not among those that were looked at";
}

TEST(Explain, SaysWhatKeepsAJobFromBeingBegun) {
  EXPECT_EQ(Explain(Pending(), Busy(), {}, "the registry cannot be reached").summary(),
            "waiting: the registry cannot be reached");
}

TEST(Explain, SaysThatAJobIsBehindMoreThanWereLookedAt) {
  ClusterSnapshot now = Busy();
  now.waiting.pop_back();
  EXPECT_EQ(Explain(Pending(), now, {}).summary(), "waiting: tried again in a moment");
  now.cut_off = true;
  EXPECT_EQ(Explain(Pending(), now, {}).summary(), "waiting: more than 3 jobs ahead");
}

TEST(Explain, SaysHowFarARunningJobIs) {
  v1::Job job = Pending();
  job.set_state(v1::JOB_STATE_RUNNING);
  job.mutable_progress()->set_step(50);
  job.mutable_progress()->set_steps(200);
  job.mutable_progress()->set_smoothed_loss(0.25);
  job.mutable_progress()->set_seconds_per_step(0.1);
  const ClusterSnapshot now = {.runs = {{.job = "mine", .node = "a"}}};
  EXPECT_EQ(Explain(job, now, {}).summary(),
            "running: step 50 of 200, loss 0.2500, about 15 s left");
}

TEST(Explain, SaysWhatKeepsAJobFromBeingFinished) {
  v1::Job job = Pending();
  job.set_state(v1::JOB_STATE_FINALIZING);
  EXPECT_EQ(Explain(job, {}, {}, "no space left").summary(),
            "finalizing: computed, but not in the registry yet: no space left; tried again every "
            "second");
}

TEST(Explain, SaysWhyAJobWasCancelled) {
  v1::Job job = Pending();
  job.set_state(v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Explain(job, {}, {}, "the wrong dog").summary(), "cancelled: the wrong dog");
}

TEST(Explain, SaysWhyAJobFailed) {
  v1::Job job = Pending();
  job.set_state(v1::JOB_STATE_FAILED);
  job.mutable_failure()->set_message("out of memory");
  EXPECT_EQ(Explain(job, {}, {}).summary(), "failed: out of memory");
}

}  // namespace
}  // namespace imprint::gateway
