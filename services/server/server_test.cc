#include "services/server/server.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/rpc_method.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/sync_stream.h>
#include <gtest/gtest.h>
#include <imprint/v1/job.grpc.pb.h>

#include "base/status_matchers.h"
#include "rpc/channel.h"
#include "services/server/call.h"
#include "services/server/readiness.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

// A service to call: refuses everything.
class Refusing : public v1::JobService::Service {
 public:
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                      v1::Job* response) override {
    return AnswerWith(*context, *response, [&]() -> absl::StatusOr<v1::Job> {
      if (request->name() == "throw") throw std::runtime_error("boom");
      return absl::InvalidArgumentError("name: got \"\"; expected jobs/ID");
    });
  }
};

// grpc.health.v1.Health, whose stubs Debian does not bring: a request without fields, and an answer
// whose first field is the status.
constexpr const char* kCheck = "/grpc.health.v1.Health/Check";
constexpr const char* kWatch = "/grpc.health.v1.Health/Watch";

bool IsServing(const Server& server) {
  const auto channel = OpenChannel(server.address());
  const grpc::internal::RpcMethod check(kCheck, grpc::internal::RpcMethod::NORMAL_RPC, channel);
  grpc::ClientContext context;
  SetDeadline(context, absl::Seconds(10));
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      channel.get(), check, &context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  grpc::Slice slice;
  EXPECT_TRUE(response.TrySingleSlice(&slice).ok());
  const std::string bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
  EXPECT_TRUE(bytes == "\x08\x01" || bytes == "\x08\x02") << "SERVING or NOT_SERVING";
  return bytes == "\x08\x01";
}

class ServerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Server> Start() {
    auto server = Server::Start(flags_, {&service_}, kMaxRequestBytes, metrics_);
    EXPECT_TRUE(server.ok()) << server.status();
    return *std::move(server);
  }

  absl::Status GetJob(const Server& server, const std::string& name) {
    const auto stub = v1::JobService::NewStub(OpenChannel(server.address()));
    grpc::ClientContext context;
    SetDeadline(context, absl::Seconds(10));
    v1::GetJobRequest request;
    request.set_name(name);
    v1::Job job;
    return FromGrpc(stub->GetJob(&context, request, &job));
  }

  ServerFlags flags_;
  Metrics metrics_;
  Refusing service_;
};

TEST_F(ServerTest, CallsAreCountedByMethodAndCode) {
  const auto server = Start();
  EXPECT_THAT(GetJob(*server, ""), Fails(absl::StatusCode::kInvalidArgument, HasSubstr("name: ")));
  server->Shutdown(absl::Now() + absl::Seconds(1));
  EXPECT_THAT(metrics_.Text(), HasSubstr("imprint_rpc_handled_total{code=\"INVALID_ARGUMENT\","
                                         "method=\"JobService.GetJob\"} 1"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("imprint_rpc_in_flight{method=\"JobService.GetJob\"} 0"));
}

TEST_F(ServerTest, AnExceptionIsAnErrorAndTheServerGoesOn) {
  const auto server = Start();
  EXPECT_THAT(GetJob(*server, "throw"),
              Fails(absl::StatusCode::kInternal, HasSubstr("unexpected; see the server's log")));
  EXPECT_THAT(GetJob(*server, ""), Fails(absl::StatusCode::kInvalidArgument, HasSubstr("name: ")));
}

TEST_F(ServerTest, AnAddressInUseIsNamed) {
  const auto first = Start();
  flags_.listen = first->address();
  EXPECT_THAT(Server::Start(flags_, {}, kMaxRequestBytes, metrics_),
              Fails(absl::StatusCode::kUnavailable, HasSubstr(first->address())));
}

TEST_F(ServerTest, HealthChecksAnswerWhatTheServiceSaysOfItself) {
  const auto server = Start();
  std::atomic<bool> good = true;
  const Readiness readiness(
      *server, [&] { return good ? absl::OkStatus() : absl::InternalError("no database"); },
      absl::Milliseconds(1));
  while (!IsServing(*server)) std::this_thread::yield();
  good = false;
  while (IsServing(*server)) std::this_thread::yield();
  good = true;
  while (!IsServing(*server)) std::this_thread::yield();
}

// Whoever watches health would otherwise hold every stop up until its deadline.
TEST_F(ServerTest, ACallThatWatchesHealthDoesNotHoldUpTheStop) {
  const auto server = Start();
  server->SetReady(true);
  const auto channel = OpenChannel(server->address());
  const grpc::internal::RpcMethod watch(kWatch, grpc::internal::RpcMethod::SERVER_STREAMING,
                                        channel);
  grpc::ClientContext context;
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  const std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> stream(
      grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(channel.get(), watch, &context,
                                                                    request));
  grpc::ByteBuffer response;
  ASSERT_TRUE(stream->Read(&response));
  const absl::Time began = absl::Now();
  server->Shutdown(began + absl::Seconds(60));
  EXPECT_LT(absl::Now() - began, absl::Seconds(30));
}

}  // namespace
}  // namespace imprint
