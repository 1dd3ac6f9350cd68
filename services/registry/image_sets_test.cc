#include "services/registry/image_sets.h"

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Parts = std::vector<std::string>;

using ImageSetsTest = RegistryFixture;

TEST_F(ImageSetsTest, AJobHasOneSet) {
  const v1::ImageSet first = OpenSet("jobs/a", 2);
  EXPECT_EQ(OpenSet("jobs/a", 2).name(), first.name());
  EXPECT_NE(OpenSet("jobs/b", 2).name(), first.name());
}

TEST_F(ImageSetsTest, ATicketLastsAsLongAsItsRun) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  v1::RenewTicketRequest renew;
  renew.mutable_run()->set_job("jobs/a");
  renew.mutable_run()->set_attempt(1);
  renew.set_lifetime_seconds(3600);
  ASSERT_OK_AND_ASSIGN(const auto renewed, tickets_.Renew(renew));
  EXPECT_GT(renewed.expire_time().seconds(), absl::ToUnixSeconds(absl::Now()) + 3000);
  renew.set_lifetime_seconds(3601);
  EXPECT_THAT(tickets_.Renew(renew), RefusesNaming(Parts{"lifetime_seconds: got 3601"}));
  renew.set_lifetime_seconds(60);
  renew.mutable_run()->set_attempt(2);
  EXPECT_THAT(tickets_.Renew(renew),
              Fails(absl::StatusCode::kNotFound, HasSubstr("attempt 2 of jobs/a")));

  ASSERT_THAT(tickets_.End(renew.run()), Succeeds()) << "of a later attempt: none of its own";
  EXPECT_THAT(Draw(token, 0, Png(1)), Succeeds());
  renew.mutable_run()->set_attempt(1);
  ASSERT_THAT(tickets_.End(renew.run()), Succeeds());
  EXPECT_THAT(Draw(token, 1, Png(2)), Fails(absl::StatusCode::kPermissionDenied, HasSubstr("")));
  EXPECT_THAT(tickets_.Renew(renew), Fails(absl::StatusCode::kNotFound, HasSubstr("")));
  EXPECT_THAT(tickets_.End(renew.run()), Succeeds()) << "twice is once";

  ASSERT_THAT(Ticket("jobs/a", 2, set.name()), Succeeds());
  renew.mutable_run()->set_attempt(2);
  ASSERT_THAT(tickets_.End(renew.run()), Succeeds());
  EXPECT_THAT(Ticket("jobs/a", 1, set.name()),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("attempt 2 has a ticket")));
}

TEST_F(ImageSetsTest, RevokedIsForGood) {
  const v1::ImageSet set = OpenSet("jobs/a", 1);
  ASSERT_THAT(tickets_.Revoke("jobs/a"), Succeeds());
  EXPECT_THAT(Ticket("jobs/a", 2, set.name()),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("revoked")));
  ASSERT_THAT(tickets_.Revoke("jobs/never"), Succeeds());
  EXPECT_THAT(image_sets_.Create(SetOf("jobs/never", 1)),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("ended")));
}

TEST_F(ImageSetsTest, NothingIsLeftOverAfterASetIsDeleted) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  ASSERT_THAT(Draw(token, 0, Png(1)), Succeeds());
  EXPECT_THAT(image_sets_.Delete(set.name()),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("cancel")));
  ASSERT_THAT(image_sets_.Close(set.name(), v1::IMAGE_SET_STATE_PARTIAL), Succeeds());
  EXPECT_TRUE(CheckStorage(*database_, *blobs_)->Clean());
  EXPECT_THAT(image_sets_.Delete(set.name(), set.etag()),
              Fails(absl::StatusCode::kAborted, HasSubstr("etag")));
  ASSERT_THAT(image_sets_.Delete(set.name()), Succeeds());
  EXPECT_THAT(*blobs_->List(), IsEmpty());
}

TEST_F(ImageSetsTest, WhatAProcessLeftBehindIsFoundAndRemoved) {
  ASSERT_THAT(blobs_->Put("from an upload that died"), Succeeds());
  EXPECT_THAT(CheckStorage(*database_, *blobs_)->orphans, SizeIs(1));
  EXPECT_EQ(RemoveOrphans(*database_, *blobs_)->removed, 1);
  EXPECT_TRUE(CheckStorage(*database_, *blobs_)->Clean());
}

TEST_F(ImageSetsTest, ManyBlobsWithoutRecordsAreKept) {
  for (int i = 0; i < 101; ++i) ASSERT_THAT(blobs_->Put(absl::StrCat("blob ", i)), Succeeds());
  EXPECT_EQ(RemoveOrphans(*database_, *blobs_)->kept, 101);
  EXPECT_THAT(*blobs_->List(), SizeIs(101));
}

}  // namespace
}  // namespace imprint::registry
