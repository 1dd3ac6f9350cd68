#include "rpc/status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

#include "base/error_notes.h"
#include "rpc/wire_text.h"

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

TEST(RpcStatus, ALongErrorKeepsItsCodeReasonAndTime) {
  std::string umlauts;
  for (int i = 0; i < 4000; ++i) umlauts += "ä";
  google::rpc::BadRequest violations;
  for (int i = 0; i < 1000; ++i) {
    violations.add_field_violations()->set_field("spec.prompts[" + std::to_string(i) + "]");
  }
  absl::Status status =
      WithRetryAfter(WithReason(absl::InvalidArgumentError("spec.title: " + umlauts), "TOO_LONG"),
                     absl::Seconds(2));
  status.SetPayload("type.googleapis.com/google.rpc.BadRequest",
                    absl::Cord(violations.SerializeAsString()));
  const grpc::Status wire = ToGrpc(status);
  EXPECT_LE(WireBytes(wire.error_message()), 1024U);
  EXPECT_LE(wire.error_details().size() * 4 / 3, 4096U);
  EXPECT_EQ(ReasonOf(FromGrpc(wire)), "TOO_LONG");
  EXPECT_EQ(RetryAfterOf(FromGrpc(wire)), absl::Seconds(2));

  const grpc::Status named = ToGrpc(absl::InvalidArgumentError("spec.title: " + umlauts));
  EXPECT_LE(named.error_details().size() * 4 / 3, 4096U);
  EXPECT_NE(named.error_details().find("spec.title"), std::string::npos);
}

TEST(RpcStatus, WhatIsForTheLogStaysHere) {
  const absl::Status status =
      WithDiagnosis(absl::InternalError("database: a statement failed"), "near \"selekt\"");
  EXPECT_EQ(ToGrpc(status).error_details().find("selekt"), std::string::npos);
  EXPECT_EQ(Diagnosed(FromGrpc(ToGrpc(status))), "database: a statement failed");
}

TEST(RpcStatus, EveryErrorHasAReason) {
  EXPECT_EQ(ReasonOf(FromGrpc(ToGrpc(absl::NotFoundError("x")))), "NOT_FOUND");
}

}  // namespace
}  // namespace imprint
