#include "gateway/dispatch/run_ticket.h"

#include "absl/time/time.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/dispatch/fake_cluster.h"
#include "rpc/channel.h"

namespace imprint::gateway {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class RunTicketTest : public testing::Test {
 protected:
  static v1::RunKey Run() {
    v1::RunKey run;
    run.set_job("jobs/j");
    run.set_attempt(3);
    return run;
  }

  FakeRegistry fake_;
  FakeModels models_;
  Served registry_{{&fake_, &models_}};
  RegistryClient client_{OpenChannel(registry_.address())};
  RunTicket ticket_{Run(), client_};
  const absl::Time begun_ = absl::FromUnixSeconds(1'800'000'000);
};

TEST_F(RunTicketTest, LastsAsLongAsItsRunIsFollowed) {
  ASSERT_TRUE(ticket_.Issue({}, begun_).ok());
  ticket_.KeepValid(begun_ + absl::Minutes(14));
  EXPECT_THAT(fake_.renewed(), IsEmpty());
  ticket_.KeepValid(begun_ + absl::Minutes(16));
  ASSERT_THAT(fake_.renewed(), SizeIs(1));
  EXPECT_EQ(fake_.renewed()[0].run().job(), "jobs/j");
  EXPECT_EQ(fake_.renewed()[0].run().attempt(), 3);
  EXPECT_EQ(fake_.renewed()[0].lifetime_seconds(), 3600);
  ticket_.KeepValid(begun_ + absl::Minutes(30));
  EXPECT_THAT(fake_.renewed(), SizeIs(1));
  ticket_.KeepValid(begun_ + absl::Minutes(32));
  EXPECT_THAT(fake_.renewed(), SizeIs(2));
}

TEST_F(RunTicketTest, IsForItsRunAndForAnHour) {
  v1::IssueTicketRequest request;
  request.set_image_set("imageSets/s");
  const auto token = ticket_.Issue(request, begun_);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(*token, "ticket");
  ASSERT_THAT(fake_.issued(), SizeIs(1));
  EXPECT_EQ(fake_.issued()[0].run().attempt(), 3);
  EXPECT_EQ(fake_.issued()[0].image_set(), "imageSets/s");
  EXPECT_EQ(fake_.issued()[0].lifetime_seconds(), 3600);
}

TEST_F(RunTicketTest, EndsWithItsRun) {
  ASSERT_TRUE(ticket_.Issue({}, begun_).ok());
  ticket_.End();
  ASSERT_THAT(fake_.ended(), SizeIs(1));
  EXPECT_EQ(fake_.ended()[0].run().job(), "jobs/j");
}

TEST_F(RunTicketTest, IsLeftToExpireWhereTheRegistryDoesNotAnswer) {
  ASSERT_TRUE(ticket_.Issue({}, begun_).ok());
  models_.answer = {grpc::StatusCode::UNAVAILABLE, "away"};
  ticket_.End();
  EXPECT_THAT(fake_.ended(), IsEmpty());
}

TEST_F(RunTicketTest, ARenewalThatFailsIsTriedAgain) {
  ASSERT_TRUE(ticket_.Issue({}, begun_).ok());
  fake_.AnswerRenewals({grpc::StatusCode::INTERNAL, "not now"});
  ticket_.KeepValid(begun_ + absl::Minutes(16));
  fake_.AnswerRenewals(grpc::Status::OK);
  ticket_.KeepValid(begun_ + absl::Minutes(17));
  ticket_.KeepValid(begun_ + absl::Minutes(18));
  EXPECT_THAT(fake_.renewed(), SizeIs(2));
}

TEST_F(RunTicketTest, ARunTakenOverHasItsTicketRenewedAtOnce) {
  ticket_.KeepValid(begun_);
  EXPECT_THAT(fake_.renewed(), SizeIs(1));
}

}  // namespace
}  // namespace imprint::gateway
