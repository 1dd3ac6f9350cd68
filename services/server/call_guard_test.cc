#include "services/server/call_guard.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <imprint/v1/job.grpc.pb.h>

#include "base/status_matchers.h"
#include "rpc/channel.h"
#include "rpc/status.h"
#include "services/server/call.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

// Counts prompts; watches until it may go on.
class Jobs : public v1::JobService::Service {
 public:
  grpc::Status CreateImageSetJob(grpc::ServerContext* context,
                                 const v1::CreateImageSetJobRequest* request,
                                 v1::Job* job) override {
    return Answer(*context, [&] {
      job->set_items_total(request->spec().prompts_size());
      return absl::OkStatus();
    });
  }

  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* /*request*/,
                        grpc::ServerWriter<v1::JobEvent>* writer) override {
    return Answer(*context, [&] {
      writer->Write(v1::JobEvent());
      while (!context->IsCancelled() && !go_on.HasBeenNotified()) {
        go_on.WaitForNotificationWithTimeout(absl::Milliseconds(5));
      }
      return absl::OkStatus();
    });
  }

  absl::Notification go_on;
};

class CallGuardTest : public ::testing::Test {
 protected:
  void Serve(const CallLimits& limits) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&jobs_);
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> guards;
    guards.push_back(MakeCallGuard(limits, metrics_));
    builder.experimental().SetInterceptorCreators(std::move(guards));
    server_ = builder.BuildAndStart();
    stub_ = v1::JobService::NewStub(OpenChannel(absl::StrCat("127.0.0.1:", port)));
  }

  absl::StatusOr<int64_t> Create(int prompts) {
    v1::CreateImageSetJobRequest request;
    for (int i = 0; i < prompts; ++i) request.mutable_spec()->add_prompts("");
    grpc::ClientContext context;
    SetDeadline(context, absl::Seconds(30));
    v1::Job job;
    const grpc::Status status = stub_->CreateImageSetJob(&context, request, &job);
    if (!status.ok()) return FromGrpc(status);
    return job.items_total();
  }

  Jobs jobs_;
  Metrics metrics_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::JobService::Stub> stub_;
};

TEST_F(CallGuardTest, ARequestThatGrowsAsItIsParsedIsRefused) {
  Serve({.request_bytes = 1 << 20});
  EXPECT_EQ(*Create(1000), 1000);
  // 200 kB on the wire.
  EXPECT_THAT(Create(100'000),
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("requests: ")));
  EXPECT_EQ(*Create(1000), 1000) << "and its memory is given back";
  EXPECT_EQ(*Create(5000), 5000);
}

TEST_F(CallGuardTest, StreamsLeaveThreadsForOthers) {
  Serve({.streams = 2});
  struct Watching {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::JobEvent>> stream;
  };
  std::vector<std::unique_ptr<Watching>> watching;
  v1::JobEvent event;
  for (int i = 0; i < 2; ++i) {
    auto& each = *watching.emplace_back(std::make_unique<Watching>());
    each.stream = stub_->WatchJob(&each.context, v1::WatchJobRequest());
    ASSERT_TRUE(each.stream->Read(&event));
  }
  EXPECT_THAT(metrics_.Text(), HasSubstr("imprint_open{what=\"streams\"} 2"));
  grpc::ClientContext context;
  SetDeadline(context, absl::Seconds(30));
  const auto refused = stub_->WatchJob(&context, v1::WatchJobRequest());
  while (refused->Read(&event)) {
  }
  const absl::Status answer = FromGrpc(refused->Finish());
  EXPECT_THAT(answer,
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("streams: 2 are open")));
  EXPECT_GT(RetryAfterOf(answer).value_or(absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_EQ(*Create(1), 1);
  jobs_.go_on.Notify();
  for (const auto& each : watching) {
    while (each->stream->Read(&event)) {
    }
    EXPECT_TRUE(each->stream->Finish().ok());
  }
}

}  // namespace
}  // namespace imprint
