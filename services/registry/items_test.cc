#include "services/registry/items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

using ItemsTest = RegistryFixture;

TEST_F(ItemsTest, AnItemIsCommittedOnceAndTheFirstStays) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  ASSERT_OK_AND_ASSIGN(const v1::Item first, Draw(token, 1, Png(1)));
  EXPECT_TRUE(committed_);
  ASSERT_OK_AND_ASSIGN(const v1::Item again, Draw(token, 1, Png(2)));
  EXPECT_FALSE(committed_);
  EXPECT_EQ(again.sha256(), first.sha256());
  EXPECT_EQ(image_sets_.Get(set.name())->items_done(), 1);
  EXPECT_EQ(items_.Content(first)->text(), Png(1));
  EXPECT_THAT(image_sets_.Close(set.name(), v1::IMAGE_SET_STATE_COMPLETE),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("1 of 2")));
  ASSERT_THAT(Draw(token, 0, ""), Succeeds()) << "blocked";
  ASSERT_OK_AND_ASSIGN(const v1::ImageSet closed,
                       image_sets_.Close(set.name(), v1::IMAGE_SET_STATE_COMPLETE));
  EXPECT_EQ(closed.items_blocked(), 1);
  EXPECT_THAT(Draw(token, 0, Png(3)), Succeeds()) << "the first stays, also when it is closed";
}

TEST_F(ItemsTest, ASupersededTicketCommitsNothing) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string old, Ticket("jobs/a", 1, set.name()));
  ASSERT_OK_AND_ASSIGN(const std::string current, Ticket("jobs/a", 2, set.name()));
  EXPECT_THAT(Draw(old, 0, Png(1)), Fails(absl::StatusCode::kPermissionDenied, HasSubstr("void")));
  EXPECT_THAT(Draw(current, 0, Png(1)), Succeeds());
  EXPECT_THAT(Ticket("jobs/a", 1, set.name()),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("attempt 2")));
}

TEST_F(ItemsTest, ATicketThatIsVoidedWhileItUploadsCommitsNothing) {
  const v1::ImageSet set = OpenSet("jobs/a", 1);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  v1::UploadItemRequest::ItemHeader header;
  header.set_token(token);
  header.set_sha256(Sha256Hex(Png(1)));
  header.mutable_request()->set_prompt("<rex>");
  header.mutable_request()->set_width(64);
  header.mutable_request()->set_height(64);
  ASSERT_OK_AND_ASSIGN(Items::Upload upload, Items::Upload::Begin(items_, header));
  ASSERT_THAT(upload.Append(Png(1)), Succeeds());
  ASSERT_THAT(tickets_.Revoke("jobs/a"), Succeeds());
  EXPECT_THAT(upload.Finish(committed_),
              Fails(absl::StatusCode::kPermissionDenied, HasSubstr("void")));
  EXPECT_EQ(image_sets_.Get(set.name())->items_done(), 0);
}

TEST_F(ItemsTest, ATicketIsForTheItemsOfItsChunk) {
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

TEST_F(ItemsTest, WhatIsUploadedMustBeWhatItsHeaderSays) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  EXPECT_THAT(Draw(token, 0, Png(1, 32, 64)), RefusesNaming(Parts{"chunk", "32×64", "64×64"}));
  EXPECT_THAT(Draw(token, 2, Png(1)), RefusesNaming(Parts{"header.request.index: got 2"}));
  EXPECT_THAT(Draw(token, 0, "no picture"), RefusesNaming(Parts{"chunk"}));
  EXPECT_THAT(Draw("nobody", 0, Png(1)),
              Fails(absl::StatusCode::kPermissionDenied, HasSubstr("token")));
}

TEST_F(ItemsTest, ATicketForTeachingDoesNotDraw) {
  ASSERT_THAT(Upload(Header("rex"), {Png(1)}), Succeeds());
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/t", 1, "", "referenceSets/rex"));
  EXPECT_THAT(Draw(token, 0, Png(1)),
              Fails(absl::StatusCode::kPermissionDenied, HasSubstr("teaching")));
}

TEST_F(ItemsTest, APictureThatCameSecondLeavesNothing) {
  const v1::ImageSet set = OpenSet("jobs/a", 2);
  ASSERT_OK_AND_ASSIGN(const std::string token, Ticket("jobs/a", 1, set.name()));
  ASSERT_THAT(Draw(token, 0, Png(1)), Succeeds());
  ASSERT_THAT(Draw(token, 0, Png(2)), Succeeds());
  EXPECT_THAT(*blobs_->List(), ElementsAre(Sha256Hex(Png(1))));
}

}  // namespace
}  // namespace imprint::registry
