#include "cli/imprint/client/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "rpc/status.h"

namespace imprint::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Nobody is called: what a call ended with is given.
class ExplainedTest : public ::testing::Test {
 protected:
  const Gateway gateway_{"127.0.0.1:1", std::stop_token()};
};

TEST_F(ExplainedTest, BlamesTheGatewayThatCannotBeReached) {
  EXPECT_THAT(gateway_.Explained(absl::UnavailableError("connection refused")),
              Fails(absl::StatusCode::kUnavailable,
                    AllOf(HasSubstr("the gateway at 127.0.0.1:1 cannot be reached"),
                          HasSubstr("connection refused"), HasSubstr("imprint up"))));
}

TEST_F(ExplainedTest, DoesNotBlameTheGatewayForItsRegistry) {
  const absl::Status behind =
      WithReason(absl::UnavailableError("the registry cannot be reached"), "REGISTRY_UNAVAILABLE");
  EXPECT_THAT(
      gateway_.Explained(FromGrpc(ToGrpc(behind))),
      Fails(absl::StatusCode::kUnavailable,
            AllOf(HasSubstr("the registry cannot be reached"), HasSubstr("log"),
                  Not(HasSubstr("127.0.0.1:1 cannot be reached")), Not(HasSubstr("imprint up")))));
}

TEST_F(ExplainedTest, SaysWhenToComeAgain) {
  const absl::Status full =
      WithRetryAfter(absl::ResourceExhaustedError("too many jobs"), absl::Seconds(5));
  EXPECT_THAT(gateway_.Explained(full), Fails(absl::StatusCode::kResourceExhausted,
                                              HasSubstr("too many jobs; try again in 5s")));
}

}  // namespace
}  // namespace imprint::cli
