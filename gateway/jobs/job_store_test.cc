#include "gateway/jobs/job_store.h"

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/jobs/store_fixture.h"
#include "rpc/status.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using JobStoreTest = StoreFixture;

TEST_F(JobStoreTest, WhatWasCreatedIsThereAfterARestart) {
  const v1::Job created = Create(Training("a"));
  EXPECT_EQ(created.state(), v1::JOB_STATE_PENDING);
  database_.reset();
  const auto reopened = OpenIn(folder_);
  JobStore jobs(*reopened, bell_, {});
  ASSERT_OK_AND_ASSIGN(const v1::Job again, jobs.Get("t", "a"));
  EXPECT_EQ(again.SerializeAsString(), created.SerializeAsString());
}

TEST_F(JobStoreTest, AThousandConcurrentCreatesWithOneRequestIdMakeOneJob) {
  std::vector<std::thread> threads;
  std::vector<std::string> names(1000);
  std::atomic<size_t> next = 0;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      for (size_t i = next++; i < names.size(); i = next++) {
        NewJob job = Training(absl::StrCat("j", i));
        job.request_id = "once";
        names[i] = jobs_.Create("t", std::move(job))->name();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(std::set<std::string>(names.begin(), names.end()), SizeIs(1));
  EXPECT_EQ((*jobs_.CountByState())[v1::JOB_STATE_PENDING], 1);
}

TEST_F(JobStoreTest, AnotherPayloadUnderOneRequestIdIsRefused) {
  NewJob first = Training("a");
  first.request_id = "r";
  Create(first);
  NewJob second = Training("b");
  second.request_id = "r";
  second.payload_sha256 = "another";
  EXPECT_THAT(jobs_.Create("t", second),
              Fails(absl::StatusCode::kAlreadyExists, HasSubstr("request_id: \"r\"")));
  EXPECT_THAT(jobs_.Create("other", std::move(second)), Succeeds()) << "another tenant's ids";
}

TEST_F(JobStoreTest, AFullQueueSaysWhenToTryAgain) {
  for (int i = 0; i < 5; ++i) Create(Training(absl::StrCat("j", i)));
  const absl::Status full = jobs_.Create("t", Training("more")).status();
  EXPECT_THAT(full, Fails(absl::StatusCode::kResourceExhausted, HasSubstr("5 jobs are live")));
  EXPECT_TRUE(RetryAfterOf(full).has_value());
  EXPECT_THAT(jobs_.Create("other", Training("others")), Succeeds());
}

TEST_F(JobStoreTest, AnotherTenantsJobIsNotFound) {
  Create(Training("a"));
  EXPECT_THAT(jobs_.Get("other", "a"), Fails(absl::StatusCode::kNotFound, HasSubstr("jobs/a")));
  EXPECT_THAT(jobs_.Cancel("other", "a", ""), Fails(absl::StatusCode::kNotFound, HasSubstr("a")));
  EXPECT_THAT(jobs_.Delete("other", "a", ""), Fails(absl::StatusCode::kNotFound, HasSubstr("a")));
}

TEST_F(JobStoreTest, PagesAndFiltersListEveryJobOnce) {
  for (const char* id : {"a", "b", "c", "d"}) Create(Training(id));
  ASSERT_THAT(jobs_.Cancel("t", "b", ""), Succeeds());
  std::vector<std::string> names;
  Page page{.size = 2};
  JobFilter filter;
  filter.states[v1::JOB_STATE_PENDING] = true;
  do {
    std::string next;
    ASSERT_OK_AND_ASSIGN(const auto jobs, jobs_.List("t", filter, page, next));
    for (const v1::Job& job : jobs) names.push_back(job.name());
    page.after = next;
  } while (!page.after.empty());
  EXPECT_THAT(names, ElementsAre("jobs/d", "jobs/c", "jobs/a"));
}

TEST_F(JobStoreTest, LabelsAndPriorityChangeUnderTheirEtag) {
  const v1::Job job = Create(Training("a"));
  const std::map<std::string, std::string> labels = {{"class", "3b"}};
  ASSERT_OK_AND_ASSIGN(const v1::Job changed,
                       jobs_.Change("t", "a", {.labels = &labels, .etag = job.etag()}));
  EXPECT_EQ(changed.labels().at("class"), "3b");
  EXPECT_THAT(jobs_.Change("t", "a", {.labels = &labels, .etag = job.etag()}),
              Fails(absl::StatusCode::kAborted, HasSubstr("etag")));
}

TEST_F(JobStoreTest, OnlyWhatHasEndedCanBeDeleted) {
  Create(Training("a"));
  EXPECT_THAT(jobs_.Delete("t", "a", ""),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("PENDING")));
  ASSERT_THAT(jobs_.Cancel("t", "a", ""), Succeeds());
  ASSERT_THAT(endings_.Stopped("a"), Succeeds());
  EXPECT_THAT(jobs_.Delete("t", "a", ""), Succeeds());
  EXPECT_THAT(jobs_.Get("t", "a"), Fails(absl::StatusCode::kNotFound, HasSubstr("a")));
}

TEST_F(JobStoreTest, WhatLiveJobsUseIsNamed) {
  NewJob created = Training("a");
  created.job.mutable_training()->set_base_model("baseModels/demo");
  created.job.mutable_training()->set_reference_set("referenceSets/rex");
  Create(std::move(created));
  for (const char* used : {"baseModels/demo", "referenceSets/rex"}) {
    EXPECT_THAT(jobs_.CheckUnused("t", used), Fails(absl::StatusCode::kFailedPrecondition,
                                                    HasSubstr("jobs/a, which is PENDING")));
  }
  EXPECT_THAT(jobs_.CheckUnused("t", "baseModels/other"), Succeeds());
  EXPECT_THAT(jobs_.CheckUnused("other", "baseModels/demo"), Succeeds());
  ASSERT_THAT(jobs_.Cancel("t", "a", ""), Succeeds());
  EXPECT_FALSE(jobs_.CheckUnused("t", "baseModels/demo").ok()) << "its runs may not have stopped";
  ASSERT_THAT(endings_.Stopped("a"), Succeeds());
  EXPECT_THAT(jobs_.CheckUnused("t", "baseModels/demo"), Succeeds());
}

TEST_F(JobStoreTest, OnlyWhatEndedLongAgoIsForgotten) {
  for (const char* id : {"live", "ended", "later"}) Create(Training(id));
  for (const char* id : {"ended", "later"}) {
    ASSERT_THAT(jobs_.Cancel("t", id, ""), Succeeds());
    ASSERT_THAT(endings_.Stopped(id), Succeeds());
  }
  EXPECT_FALSE(*jobs_.ForgetOldest(absl::Hours(1)));
  EXPECT_TRUE(*jobs_.ForgetOldest(-absl::Hours(1)));
  EXPECT_THAT(jobs_.State("t", "ended"), Fails(absl::StatusCode::kNotFound, HasSubstr("ended")));
  EXPECT_EQ(*jobs_.State("t", "later"), v1::JOB_STATE_CANCELLED) << "one at a time";
  EXPECT_TRUE(*jobs_.ForgetOldest(-absl::Hours(1)));
  EXPECT_FALSE(*jobs_.ForgetOldest(-absl::Hours(1)));
  EXPECT_EQ(*jobs_.State("t", "live"), v1::JOB_STATE_PENDING);
}

TEST_F(JobStoreTest, TwoTrainingsAtOnceCannotGiveAConceptTwoTokens) {
  NewJob first = Training("a");
  first.job.mutable_training()->set_concept_name("concepts/rex");
  NewJob same = first;
  same.job.set_name("jobs/b");
  NewJob other = same;
  other.job.set_name("jobs/c");
  other.job.mutable_training()->set_token("<max>");
  Create(std::move(first));
  Create(std::move(same));
  EXPECT_THAT(jobs_.Create("t", std::move(other)),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("spec.token: got \"<max>\"")));
}

TEST_F(JobStoreTest, PagesEndAlsoWhereTheLabelsFitNothing) {
  for (const char* id : {"a", "b", "c"}) {
    NewJob job = Training(id);
    (*job.job.mutable_labels())["class"] = id;
    Create(std::move(job));
  }
  JobFilter filter;
  filter.labels["class"] = "b";
  std::string next = "?";
  ASSERT_OK_AND_ASSIGN(const auto jobs, jobs_.List("t", filter, Page{.size = 1}, next));
  ASSERT_THAT(jobs, SizeIs(1));
  EXPECT_EQ(jobs[0].name(), "jobs/b");
  EXPECT_EQ(jobs[0].training().token(), "<rex>") << "with its spec";
  EXPECT_EQ(next, "");
}

TEST_F(JobStoreTest, AnotherTenantsStateIsNotFound) {
  Create(Training("a"));
  EXPECT_THAT(jobs_.State("other", "a"), Fails(absl::StatusCode::kNotFound, HasSubstr("jobs/a")));
}

TEST_F(JobStoreTest, WhatHasNoJsonIsNotStored) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_queue()->set_nanos(2'000'000'000);
  EXPECT_THAT(jobs_.Create("t", std::move(created)),
              Fails(absl::StatusCode::kInternal, HasSubstr("cannot be kept")));
  EXPECT_THAT(jobs_.Get("t", "a"), Fails(absl::StatusCode::kNotFound, HasSubstr("jobs/a")));
}

TEST_F(JobStoreTest, EventsCountFromOneWithoutGaps) {
  Create(Training("a"));
  Lease("a");
  ASSERT_THAT(jobs_.Cancel("t", "a", "enough"), Succeeds());
  ASSERT_THAT(endings_.Stopped("a"), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto events, jobs_.Events("a", 1, 100));
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].number(), i + 1);
  EXPECT_EQ(events.back().state_change().to(), v1::JOB_STATE_CANCELLED);
  ASSERT_OK_AND_ASSIGN(const auto later, jobs_.Events("a", 3, 1));
  ASSERT_THAT(later, SizeIs(1));
  EXPECT_EQ(later[0].number(), 3);
}

}  // namespace
}  // namespace imprint::gateway
