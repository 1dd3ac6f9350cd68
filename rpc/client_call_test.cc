#include "rpc/client_call.h"

#include <functional>
#include <memory>
#include <stop_token>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <imprint/v1/job.grpc.pb.h>

#include "base/status_matchers.h"
#include "rpc/channel.h"
#include "rpc/status.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

constexpr const char* kTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// Keeps on what terms it would call others for its last caller.
class Middleman : public v1::JobService::Service {
 public:
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* /*request*/,
                      v1::Job* /*response*/) override {
    onward = CallTerms{.timeout = absl::Hours(1)}.For(*context);
    if (in_call == nullptr) return grpc::Status::OK;
    in_call();
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
    return grpc::Status::CANCELLED;
  }

  CallTerms onward;
  // Called by a call, which then goes on until its caller has cancelled it.
  std::function<void()> in_call;
};

class ClientCallTest : public ::testing::Test {
 protected:
  ClientCallTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&middleman_);
    server_ = builder.BuildAndStart();
    channel_ = OpenChannel(absl::StrCat("127.0.0.1:", port_));
    stub_ = v1::JobService::NewStub(channel_);
  }

  absl::Status Get(const CallTerms& terms) {
    ClientCall call(terms);
    v1::Job job;
    return FromGrpc(stub_->GetJob(&call.context(), v1::GetJobRequest(), &job));
  }

  int port_ = 0;
  Middleman middleman_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::JobService::Stub> stub_;
};

TEST_F(ClientCallTest, ACallForAnotherIsWithinItsDeadlineAndPartOfItsTrace) {
  const absl::Time before = absl::Now();
  ASSERT_THAT(
      Get({.timeout = absl::Seconds(30), .trace_parent = kTrace, .connect_first = channel_.get()}),
      Succeeds());
  EXPECT_EQ(middleman_.onward.trace_parent, kTrace);
  EXPECT_GT(middleman_.onward.deadline, before);
  EXPECT_LT(middleman_.onward.deadline, before + absl::Minutes(5));
  EXPECT_EQ(middleman_.onward.timeout, absl::Hours(1)) << "its own";
}

TEST_F(ClientCallTest, TheSoonerOfTimeoutAndDeadlineCounts) {
  const absl::Time past = absl::Now() - absl::Seconds(1);
  EXPECT_THAT(Get({.timeout = absl::Hours(1), .deadline = past}),
              Fails(absl::StatusCode::kDeadlineExceeded, HasSubstr("")));
  EXPECT_THAT(Get({.timeout = -absl::Seconds(1)}),
              Fails(absl::StatusCode::kDeadlineExceeded, HasSubstr("")));
  EXPECT_THAT(Get({}), Succeeds());
  EXPECT_EQ(middleman_.onward.trace_parent, "");
}

TEST_F(ClientCallTest, AStopCancelsIt) {
  std::stop_source stop;
  EXPECT_THAT(Get({.stop = stop.get_token()}), Succeeds());
  middleman_.in_call = [&] { stop.request_stop(); };
  EXPECT_THAT(Get({.stop = stop.get_token()}), Fails(absl::StatusCode::kCancelled, HasSubstr("")))
      << "during the call";
  middleman_.in_call = nullptr;
  EXPECT_THAT(Get({.stop = stop.get_token()}), Fails(absl::StatusCode::kCancelled, HasSubstr("")))
      << "before it";
}

}  // namespace
}  // namespace imprint
