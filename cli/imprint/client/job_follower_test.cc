#include "cli/imprint/client/job_follower.h"

#include <atomic>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "rpc/status.h"

namespace imprint::cli {
namespace {

TEST(StoppedWatching, NamesEveryJobThatGoesOn) {
  EXPECT_THAT(StoppedWatching({"jobs/a"}),
              Fails(absl::StatusCode::kCancelled,
                    "stopped watching; jobs/a goes on: imprint watch a follows it, "
                    "imprint cancel a stops it"));
  EXPECT_THAT(StoppedWatching({"jobs/a", "jobs/b"}),
              Fails(absl::StatusCode::kCancelled,
                    "stopped watching; jobs/a and jobs/b go on: imprint watch a and imprint watch "
                    "b follow them, imprint cancel a and imprint cancel b stop them"));
}

// A gateway that is too busy for some calls, and then shows a job that is done.
class BusyGateway : public v1::JobService::Service {
 public:
  explicit BusyGateway(int busy) : busy_(busy) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  ~BusyGateway() override { server_->Shutdown(); }

  grpc::Status WatchJob(grpc::ServerContext* /*context*/, const v1::WatchJobRequest* /*request*/,
                        grpc::ServerWriter<v1::JobEvent>* writer) override {
    if (busy_-- > 0) {
      return ToGrpc(
          WithRetryAfter(absl::ResourceExhaustedError("too many watch"), absl::Milliseconds(10)));
    }
    v1::JobEvent event;
    event.set_number(1);
    writer->Write(event);
    return grpc::Status::OK;
  }

  grpc::Status GetJob(grpc::ServerContext* /*context*/, const v1::GetJobRequest* /*request*/,
                      v1::Job* job) override {
    job->set_state(v1::JOB_STATE_SUCCEEDED);
    return grpc::Status::OK;
  }

  const std::string& address() const { return address_; }

 private:
  std::atomic<int> busy_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

TEST(FollowJob, ComesAgainWhenTheGatewaySaysSo) {
  const BusyGateway busy(3);
  Gateway gateway(busy.address(), std::stop_token());
  int events = 0;
  ASSERT_OK_AND_ASSIGN(const v1::Job job, FollowJob(gateway, "jobs/a", {}, [&](const auto&) {
                         ++events;
                         return absl::OkStatus();
                       }));
  EXPECT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(events, 1);
}

TEST(FollowJob, GivesUpOnAGatewayThatStaysBusy) {
  const BusyGateway busy(1'000'000);
  Gateway gateway(busy.address(), std::stop_token());
  EXPECT_THAT(FollowJob(gateway, "jobs/a", {.patience = absl::Milliseconds(100)},
                        [](const auto&) { return absl::OkStatus(); }),
              Fails(absl::StatusCode::kResourceExhausted,
                    ::testing::HasSubstr("too many watch; try again in")));
}

}  // namespace
}  // namespace imprint::cli
