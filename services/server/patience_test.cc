#include "services/server/patience.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <imprint/v1/registry.grpc.pb.h>

#include "base/status_matchers.h"
#include "rpc/channel.h"
#include "rpc/status.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

// Reads all that comes; sends for as long as it is taken.
class Registry : public v1::RegistryService::Service {
 public:
  grpc::Status CreateReferenceSet(grpc::ServerContext* context,
                                  grpc::ServerReader<v1::CreateReferenceSetRequest>* reader,
                                  v1::ReferenceSet* /*response*/) override {
    v1::CreateReferenceSetRequest piece;
    while (ReadPatiently(*context, *reader, piece)) {
    }
    ended.Notify();
    return grpc::Status::OK;
  }

  grpc::Status DownloadItem(grpc::ServerContext* context,
                            const v1::DownloadItemRequest* /*request*/,
                            grpc::ServerWriter<v1::DownloadChunk>* writer) override {
    v1::DownloadChunk chunk;
    chunk.set_data(std::string(64 << 10, 'x'));
    while (WritePatiently(*context, *writer, chunk)) {
    }
    ended.Notify();
    return grpc::Status::OK;
  }

  absl::Notification ended;
};

class PatienceTest : public ::testing::Test {
 protected:
  PatienceTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&registry_);
    server_ = builder.BuildAndStart();
    stub_ = v1::RegistryService::NewStub(OpenChannel(absl::StrCat("127.0.0.1:", port)));
    SetDeadline(context_, absl::Minutes(1));
  }
  ~PatienceTest() override { SetStreamPatience(absl::Seconds(30)); }

  Registry registry_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::RegistryService::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(PatienceTest, WhoSaysNothingLosesTheStreamAndIsToldWhy) {
  SetStreamPatience(absl::Milliseconds(100));
  v1::ReferenceSet set;
  const auto stream = stub_->CreateReferenceSet(&context_, &set);
  ASSERT_TRUE(stream->Write(v1::CreateReferenceSetRequest()));
  registry_.ended.WaitForNotification();
  EXPECT_THAT(FromGrpc(stream->Finish()),
              Fails(absl::StatusCode::kDeadlineExceeded, HasSubstr("sent nothing for too long")));
}

TEST_F(PatienceTest, WhoTakesNothingLosesTheStreamAndIsToldWhy) {
  SetStreamPatience(absl::Milliseconds(100));
  const auto stream = stub_->DownloadItem(&context_, v1::DownloadItemRequest());
  registry_.ended.WaitForNotification();
  v1::DownloadChunk chunk;
  while (stream->Read(&chunk)) {
  }
  EXPECT_THAT(FromGrpc(stream->Finish()),
              Fails(absl::StatusCode::kDeadlineExceeded, HasSubstr("took nothing for too long")));
}

TEST_F(PatienceTest, WhoGoesOnKeepsTheStream) {
  SetStreamPatience(absl::Seconds(30));
  v1::ReferenceSet set;
  const auto stream = stub_->CreateReferenceSet(&context_, &set);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(stream->Write(v1::CreateReferenceSetRequest()));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace imprint
