#include "rpc/proto_json.h"

#include <gmock/gmock.h>
#include <google/protobuf/duration.pb.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProtoJson, ComesBackAsItWas) {
  google::protobuf::Duration duration;
  duration.set_seconds(5);
  const auto json = ToJsonText(duration);
  ASSERT_THAT(json, SucceedsWith("\"5s\""));
  google::protobuf::Duration back;
  ASSERT_THAT(FromJsonText(*json, back), Succeeds());
  EXPECT_EQ(back.seconds(), 5);
}

TEST(ProtoJson, WhatHasNoJsonIsAnErrorNotHalfARecord) {
  google::protobuf::Duration duration;
  duration.set_nanos(2'000'000'000);
  EXPECT_THAT(ToJsonText(duration),
              Fails(absl::StatusCode::kInternal, HasSubstr("google.protobuf.Duration")));
}

TEST(ProtoJson, WhatIsNoJsonIsDataLoss) {
  google::protobuf::Duration duration;
  const absl::Status damaged = FromJsonText("{\"prompt\": \"secret", duration);
  EXPECT_THAT(damaged, Fails(absl::StatusCode::kDataLoss, HasSubstr("google.protobuf.Duration")));
  EXPECT_THAT(damaged.message(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace imprint
