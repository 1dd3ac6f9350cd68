#include "services/registry/tickets.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rpc/status.h"
#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Parts = std::vector<std::string>;

v1::RunKey RunOf(const std::string& job, int attempt, int64_t chunk = 0) {
  v1::RunKey run;
  run.set_job(job);
  run.set_attempt(attempt);
  run.set_chunk(chunk);
  return run;
}

v1::IssueTicketRequest ToDraw(const v1::ImageSet& set, const v1::RunKey& run) {
  v1::IssueTicketRequest request;
  *request.mutable_run() = run;
  request.set_image_set(set.name());
  request.set_lifetime_seconds(60);
  return request;
}

v1::RenewTicketRequest ToRenew(const v1::RunKey& run) {
  v1::RenewTicketRequest request;
  *request.mutable_run() = run;
  request.set_lifetime_seconds(60);
  return request;
}

class TicketsTest : public RegistryFixture {
 protected:
  std::string Issue(const v1::IssueTicketRequest& request) {
    const auto issued = tickets_.Issue(request);
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued.ok() ? issued->token() : "";
  }

  // Changes the tickets in the database.
  void Set(const std::string& changes) {
    ASSERT_THAT(database_->Write([&](soci::session& sql) -> absl::Status {
      sql << "update tickets set " << changes;
      return absl::OkStatus();
    }),
                Succeeds());
  }

  bool IsGood(const std::string& token) {
    const absl::Status checked = tickets_.Check(token).status();
    if (!checked.ok()) {
      EXPECT_THAT(checked, Fails(absl::StatusCode::kPermissionDenied, HasSubstr("token")));
      EXPECT_EQ(ReasonOf(checked), "TICKET_VOID");
    }
    return checked.ok();
  }

  // What a job draws; tickets are issued for it.
  const v1::ImageSet set_ = OpenSet("jobs/a", 8);
};

TEST_F(TicketsTest, ATicketStandsForItsRunItsSetAndItsItems) {
  v1::IssueTicketRequest request = ToDraw(set_, RunOf("jobs/a", 3, 2));
  request.set_first_item(4);
  request.set_item_count(2);
  ASSERT_OK_AND_ASSIGN(const TicketScope scope, tickets_.Check(Issue(request)));
  EXPECT_EQ(scope.job, "jobs/a");
  EXPECT_EQ(scope.attempt, 3);
  EXPECT_EQ(scope.chunk, 2);
  EXPECT_EQ(absl::StrCat("imageSets/", scope.image_set), set_.name());
  EXPECT_THAT(scope.reference_set, IsEmpty());
  EXPECT_FALSE(scope.Has(3));
  EXPECT_TRUE(scope.Has(4));
  EXPECT_TRUE(scope.Has(5));
  EXPECT_FALSE(scope.Has(6));
}

TEST_F(TicketsTest, ATicketWithoutACountIsForAllItemsFromItsFirst) {
  v1::IssueTicketRequest request = ToDraw(set_, RunOf("jobs/a", 1));
  request.set_first_item(4);
  ASSERT_OK_AND_ASSIGN(const TicketScope scope, tickets_.Check(Issue(request)));
  EXPECT_FALSE(scope.Has(3));
  EXPECT_TRUE(scope.Has(4));
  EXPECT_TRUE(scope.Has(1'000'000));
}

TEST_F(TicketsTest, TheDatabaseDoesNotKnowTheToken) {
  const std::string token = Issue(ToDraw(set_, RunOf("jobs/a", 1)));
  std::string kept;
  ASSERT_THAT(database_->Read([&](soci::session& sql) -> absl::Status {
    sql << "select token_sha256 from tickets", soci::into(kept);
    return absl::OkStatus();
  }),
              Succeeds());
  EXPECT_EQ(kept, Sha256Hex(token));
  EXPECT_FALSE(IsGood(kept));
}

TEST_F(TicketsTest, ALaterAttemptVoidsTheTicketOfItsChunkAlone) {
  const std::string first = Issue(ToDraw(set_, RunOf("jobs/a", 1, 0)));
  const std::string neighbour = Issue(ToDraw(set_, RunOf("jobs/a", 1, 1)));
  const std::string second = Issue(ToDraw(set_, RunOf("jobs/a", 2, 0)));
  EXPECT_FALSE(IsGood(first));
  EXPECT_TRUE(IsGood(second));
  EXPECT_TRUE(IsGood(neighbour));
}

TEST_F(TicketsTest, AnEarlierAttemptCannotTakeTheChunkBack) {
  const std::string current = Issue(ToDraw(set_, RunOf("jobs/a", 2)));
  EXPECT_THAT(tickets_.Issue(ToDraw(set_, RunOf("jobs/a", 1))),
              Fails(absl::StatusCode::kFailedPrecondition,
                    HasSubstr("run.attempt: got 1; attempt 2 has a ticket")));
  EXPECT_TRUE(IsGood(current));
}

TEST_F(TicketsTest, AnAttemptThatAsksAgainHasOneTicketAllTheSame) {
  const std::string lost = Issue(ToDraw(set_, RunOf("jobs/a", 1)));
  const std::string again = Issue(ToDraw(set_, RunOf("jobs/a", 1)));
  EXPECT_NE(again, lost);
  EXPECT_FALSE(IsGood(lost));
  EXPECT_TRUE(IsGood(again));
}

TEST_F(TicketsTest, AnExpiredTicketIsVoidAndIsNotRenewed) {
  const std::string token = Issue(ToDraw(set_, RunOf("jobs/a", 1)));
  ASSERT_TRUE(IsGood(token));
  Set("expire_us = expire_us - 60000000");
  EXPECT_FALSE(IsGood(token));
  EXPECT_THAT(tickets_.Renew(ToRenew(RunOf("jobs/a", 1))),
              Fails(absl::StatusCode::kNotFound, HasSubstr("no ticket that is good")));
  EXPECT_FALSE(IsGood(token));
}

TEST_F(TicketsTest, ARenewedTicketIsGoodForItsTimeFromThenOn) {
  const std::string token = Issue(ToDraw(set_, RunOf("jobs/a", 1)));
  Set("expire_us = expire_us - 30000000");
  ASSERT_THAT(tickets_.Renew(ToRenew(RunOf("jobs/a", 1))), Succeeds());
  Set("expire_us = expire_us - 30000000");
  EXPECT_TRUE(IsGood(token));
}

TEST_F(TicketsTest, OnlyTheRunOfATicketRenewsOrEndsIt) {
  const std::string token = Issue(ToDraw(set_, RunOf("jobs/a", 2, 1)));
  for (const v1::RunKey& other : {RunOf("jobs/a", 1, 1), RunOf("jobs/a", 3, 1),
                                  RunOf("jobs/a", 2, 0), RunOf("jobs/b", 2, 1)}) {
    EXPECT_THAT(tickets_.Renew(ToRenew(other)), Fails(absl::StatusCode::kNotFound, HasSubstr("")));
    EXPECT_THAT(tickets_.End(other), Succeeds());
    EXPECT_TRUE(IsGood(token)) << other.DebugString();
  }
  ASSERT_THAT(tickets_.End(RunOf("jobs/a", 2, 1)), Succeeds());
  EXPECT_FALSE(IsGood(token));
}

TEST_F(TicketsTest, RevokingVoidsTheTicketsOfAllChunksAndOfNoOtherJob) {
  const v1::ImageSet other_set = OpenSet("jobs/b", 1);
  const std::string first = Issue(ToDraw(set_, RunOf("jobs/a", 1, 0)));
  const std::string second = Issue(ToDraw(set_, RunOf("jobs/a", 1, 1)));
  const std::string other = Issue(ToDraw(other_set, RunOf("jobs/b", 1)));
  EXPECT_THAT(tickets_.Revoke("jobs/a"), SucceedsWith(2));
  EXPECT_FALSE(IsGood(first));
  EXPECT_FALSE(IsGood(second));
  EXPECT_TRUE(IsGood(other));
  EXPECT_THAT(tickets_.Revoke("jobs/a"), SucceedsWith(0)) << "twice is once";
}

TEST_F(TicketsTest, ARevokedJobGetsNoTicketWhateverItsAttempt) {
  ASSERT_THAT(tickets_.Revoke("jobs/a"), Succeeds());
  const absl::Status refused = tickets_.Issue(ToDraw(set_, RunOf("jobs/a", 9, 1))).status();
  EXPECT_THAT(refused, Fails(absl::StatusCode::kFailedPrecondition,
                             HasSubstr("the tickets of jobs/a were revoked for good")));
  EXPECT_EQ(ReasonOf(refused), "TICKETS_REVOKED");
}

TEST_F(TicketsTest, ATicketIsForASetOfItsOwnJob) {
  const v1::ImageSet other = OpenSet("jobs/b", 1);
  EXPECT_THAT(tickets_.Issue(ToDraw(other, RunOf("jobs/a", 1))),
              Fails(absl::StatusCode::kNotFound, HasSubstr(other.name())));
  v1::IssueTicketRequest request = ToDraw(set_, RunOf("jobs/a", 1));
  request.clear_image_set();
  request.set_reference_set("referenceSets/gone");
  EXPECT_THAT(tickets_.Issue(request),
              Fails(absl::StatusCode::kNotFound, HasSubstr("referenceSets/gone")));
}

TEST_F(TicketsTest, ATicketIsForTeachingOrForDrawing) {
  v1::IssueTicketRequest request = ToDraw(set_, RunOf("jobs/a", 1));
  request.set_reference_set("referenceSets/photos");
  EXPECT_THAT(tickets_.Issue(request),
              RefusesNaming(Parts{"reference_set", "either a reference set or an image set"}));
  request.clear_reference_set();
  request.clear_image_set();
  EXPECT_THAT(tickets_.Issue(request),
              RefusesNaming(Parts{"reference_set", "either a reference set or an image set"}));
}

TEST_F(TicketsTest, ARequestThatNamesNoRunOrNoTimeIsRefused) {
  EXPECT_THAT(tickets_.Issue(ToDraw(set_, RunOf("a", 1))),
              RefusesNaming(Parts{"run.job", "\"a\""}));
  EXPECT_THAT(tickets_.Issue(ToDraw(set_, RunOf("jobs/a", 0))),
              RefusesNaming(Parts{"run.attempt: got 0", "1 or more"}));
  v1::IssueTicketRequest request = ToDraw(set_, RunOf("jobs/a", 1));
  for (const int64_t seconds : {0, 3601}) {
    request.set_lifetime_seconds(seconds);
    EXPECT_THAT(tickets_.Issue(request),
                RefusesNaming(Parts{absl::StrCat("lifetime_seconds: got ", seconds), "1 to 3600"}));
  }
  request.set_lifetime_seconds(3600);
  EXPECT_THAT(tickets_.Issue(request), Succeeds());
  request.set_first_item(-1);
  EXPECT_THAT(tickets_.Issue(request), RefusesNaming(Parts{"first_item: got -1", "0 or more"}));
}

TEST_F(TicketsTest, ATokenThatCannotBeOneIsNotLookedUp) {
  EXPECT_THAT(tickets_.Check(""), RefusesNaming(Parts{"token: got none"}));
  EXPECT_THAT(tickets_.Check(std::string(201, 'f')), RefusesNaming(Parts{"token: got 201 bytes"}));
  EXPECT_FALSE(IsGood(std::string(200, 'f')));
}

}  // namespace
}  // namespace imprint::registry
