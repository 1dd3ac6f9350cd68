#include "services/registry/image_sets.h"

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::ElementsAre;
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

TEST_F(ImageSetsTest, AnItemIsCommittedOnceAndTheFirstStays) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  ASSERT_OK_AND_ASSIGN(const v1::Item first, Draw(token, 1, Png(1)));
  EXPECT_TRUE(committed_);
  ASSERT_OK_AND_ASSIGN(const v1::Item again, Draw(token, 1, Png(2)));
  EXPECT_FALSE(committed_);
  EXPECT_EQ(again.sha256(), first.sha256());
  EXPECT_EQ(image_sets_.Get(set.name())->items_done(), 1);
  EXPECT_EQ(image_sets_.Content(first)->text(), Png(1));
  EXPECT_THAT(image_sets_.Close(set.name(), v1::IMAGE_SET_STATE_COMPLETE),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("1 of 2")));
  ASSERT_THAT(Draw(token, 0, ""), Succeeds()) << "blocked";
  ASSERT_OK_AND_ASSIGN(const v1::ImageSet closed,
                       image_sets_.Close(set.name(), v1::IMAGE_SET_STATE_COMPLETE));
  EXPECT_EQ(closed.items_blocked(), 1);
  EXPECT_THAT(Draw(token, 0, Png(3)), Succeeds()) << "the first stays, also when it is closed";
}

TEST_F(ImageSetsTest, ASupersededTicketCommitsNothing) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string old, Ticket("jobs/a", 1, set.name()));
  ASSERT_OK_AND_ASSIGN(const std::string current, Ticket("jobs/a", 2, set.name()));
  EXPECT_THAT(Draw(old, 0, Png(1)), Fails(absl::StatusCode::kPermissionDenied, HasSubstr("void")));
  EXPECT_THAT(Draw(current, 0, Png(1)), Succeeds());
  EXPECT_THAT(Ticket("jobs/a", 1, set.name()),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("attempt 2")));
}

TEST_F(ImageSetsTest, ATicketThatIsVoidedWhileItUploadsCommitsNothing) {
  const v1::ImageSet set = OpenSet("jobs/a", 1);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  v1::UploadItemRequest::ItemHeader header;
  header.set_token(token);
  header.set_sha256(Sha256Hex(Png(1)));
  header.mutable_request()->set_prompt("<rex>");
  header.mutable_request()->set_width(64);
  header.mutable_request()->set_height(64);
  ASSERT_OK_AND_ASSIGN(ImageSets::Upload upload, ImageSets::Upload::Begin(image_sets_, header));
  ASSERT_THAT(upload.Append(Png(1)), Succeeds());
  ASSERT_THAT(tickets_.Revoke("jobs/a"), Succeeds());
  EXPECT_THAT(upload.Finish(committed_),
              Fails(absl::StatusCode::kPermissionDenied, HasSubstr("void")));
  EXPECT_EQ(image_sets_.Get(set.name())->items_done(), 0);
}

TEST_F(ImageSetsTest, ATicketIsForTheItemsOfItsChunk) {
  const v1::ImageSet set = OpenSet("jobs/a", 4);
  v1::IssueTicketRequest request;
  request.mutable_run()->set_job("jobs/a");
  request.mutable_run()->set_attempt(1);
  request.set_image_set(set.name());
  request.set_lifetime_seconds(60);
  request.set_first_item(1);
  request.set_item_count(2);
  ASSERT_OK_AND_ASSIGN(const auto ticket, tickets_.Issue(request));
  EXPECT_THAT(Draw(ticket.token(), 1, Png(1)), Succeeds());
  EXPECT_THAT(Draw(ticket.token(), 2, Png(2)), Succeeds());
  for (const int64_t other : {0, 3}) {
    EXPECT_THAT(Draw(ticket.token(), other, Png(3)),
                Fails(absl::StatusCode::kPermissionDenied, HasSubstr("2 from item 1 on")));
  }
  request.set_item_count(-1);
  EXPECT_THAT(tickets_.Issue(request), RefusesNaming(Parts{"item_count: got -1"}));
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

TEST_F(ImageSetsTest, WhatIsUploadedMustBeWhatItsHeaderSays) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  EXPECT_THAT(Draw(token, 0, Png(1, 32, 64)), RefusesNaming(Parts{"chunk", "32×64", "64×64"}));
  EXPECT_THAT(Draw(token, 2, Png(1)), RefusesNaming(Parts{"header.request.index: got 2"}));
  EXPECT_THAT(Draw(token, 0, "no picture"), RefusesNaming(Parts{"chunk"}));
  EXPECT_THAT(Draw("nobody", 0, Png(1)),
              Fails(absl::StatusCode::kPermissionDenied, HasSubstr("token")));
}

TEST_F(ImageSetsTest, ATicketForTeachingDoesNotDraw) {
  ASSERT_THAT(Upload(Header("rex"), {Png(1)}), Succeeds());
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/t", 1, "", "referenceSets/rex"));
  EXPECT_THAT(Draw(token, 0, Png(1)),
              Fails(absl::StatusCode::kPermissionDenied, HasSubstr("teaching")));
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

TEST_F(ImageSetsTest, APictureThatCameSecondLeavesNothing) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  ASSERT_THAT(Draw(token, 0, Png(1)), Succeeds());
  ASSERT_THAT(Draw(token, 0, Png(2)), Succeeds());
  EXPECT_THAT(*blobs_->List(), ElementsAre(Sha256Hex(Png(1))));
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
