#include "rpc/status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(RpcStatus, ComesThroughTheWireWithItsDetails) {
  const absl::Status sent = WithRetryAfter(
      WithReason(absl::ResourceExhaustedError("queue: full"), "QUEUE_FULL", {{"limit", "10"}}),
      absl::Milliseconds(1500));
  const absl::Status received = FromGrpc(ToGrpc(sent));
  EXPECT_EQ(received.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(received.message(), "queue: full");
  EXPECT_EQ(ReasonOf(received), "QUEUE_FULL");
  EXPECT_EQ(RetryAfterOf(received), absl::Milliseconds(1500));
}

TEST(RpcStatus, OkStaysOk) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(RpcStatus, ABadFieldIsNamedInABadRequest) {
  const grpc::Status wire =
      ToGrpc(absl::InvalidArgumentError("spec.recipe.steps: got 0; expected 1 or more"));
  google::rpc::Status status;
  ASSERT_TRUE(status.ParseFromString(wire.error_details()));
  google::rpc::BadRequest bad;
  bool found = false;
  for (const auto& detail : status.details()) found = found || detail.UnpackTo(&bad);
  ASSERT_TRUE(found);
  EXPECT_EQ(bad.field_violations(0).field(), "spec.recipe.steps");
  EXPECT_EQ(bad.field_violations(0).description(), "got 0; expected 1 or more");
}

TEST(RpcStatus, EveryErrorHasAReason) {
  EXPECT_EQ(ReasonOf(FromGrpc(ToGrpc(absl::NotFoundError("x")))), "NOT_FOUND");
}

}  // namespace
}  // namespace imprint
