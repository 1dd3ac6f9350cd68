#include "services/node/run_stream.h"

#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <imprint/v1/trainer.grpc.pb.h>

#include "base/status_matchers.h"
#include "rpc/status.h"
#include "services/node/loopback_server.h"
#include "services/node/testing_events.h"

namespace imprint::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Endpoint : public v1::TrainerService::Service {
 public:
  explicit Endpoint(RunTable& runs) : runs_(runs) {}
  grpc::Status Attach(grpc::ServerContext* context, const v1::AttachTrainingRequest* request,
                      grpc::ServerWriter<v1::RunEvent>* writer) override {
    return StreamRun(runs_, request->run(), request->from_event(), *context, *writer);
  }

 private:
  RunTable& runs_;
};

class RunStreamTest : public ::testing::Test {
 protected:
  struct Stream {
    std::vector<int64_t> numbers;
    absl::Status status;
  };

  std::unique_ptr<grpc::ClientReader<v1::RunEvent>> Attach(grpc::ClientContext& context,
                                                           const RunId& id, int64_t from) {
    SetDeadline(context, absl::Seconds(30));
    v1::AttachTrainingRequest request;
    *request.mutable_run() = ToProto(id);
    request.set_from_event(from);
    return stub_->Attach(&context, request);
  }

  Stream ReadAll(const RunId& id, int64_t from) {
    grpc::ClientContext context;
    const auto reader = Attach(context, id, from);
    Stream stream;
    v1::RunEvent event;
    while (reader->Read(&event)) stream.numbers.push_back(event.number());
    stream.status = FromGrpc(reader->Finish());
    return stream;
  }

  const RunId id_{.job = "jobs/a"};
  RunTable runs_{{}};
  Endpoint endpoint_{runs_};
  LoopbackServer server_{{&endpoint_}};
  std::unique_ptr<v1::TrainerService::Stub> stub_ = v1::TrainerService::NewStub(server_.channel());
};

TEST_F(RunStreamTest, StreamsWhatWasAndWhatComesUntilTheLast) {
  const auto run = runs_.Begin(id_)->run;
  run->Append(Started());
  grpc::ClientContext context;
  const auto reader = Attach(context, id_, 0);
  v1::RunEvent event;
  ASSERT_TRUE(reader->Read(&event));
  run->Append(ProgressAt(1));
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.progress().step(), 1);
  run->Append(Result());
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_TRUE(event.has_training_result());
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_TRUE(runs_.snapshot().runs.empty());
}

TEST_F(RunStreamTest, BeginsWhereItIsAsked) {
  const auto run = runs_.Begin(id_)->run;
  run->Append(Started());
  run->Append(CheckpointAt(5));
  run->Append(Result());
  EXPECT_THAT(ReadAll(id_, 2).numbers, ElementsAre(2, 3));
}

TEST_F(RunStreamTest, ManyFollowOneRun) {
  const auto run = runs_.Begin(id_)->run;
  std::vector<std::jthread> readers(8);
  for (std::jthread& reader : readers) {
    reader = std::jthread([&] {
      const Stream stream = ReadAll(id_, 1);
      EXPECT_EQ(stream.numbers.back(), 101);
      EXPECT_TRUE(stream.status.ok());
    });
  }
  for (int step = 1; step <= 100; ++step) run->Append(ProgressAt(step));
  run->Append(Result());
}

TEST_F(RunStreamTest, SaysWhatIsWrong) {
  EXPECT_THAT(ReadAll(id_, 1).status, Fails(absl::StatusCode::kNotFound, HasSubstr("jobs/a")));
  EXPECT_THAT(ReadAll({.job = "x"}, 1).status,
              Fails(absl::StatusCode::kInvalidArgument, HasSubstr("run.job")));
  EXPECT_THAT(ReadAll(id_, -1).status,
              Fails(absl::StatusCode::kInvalidArgument, HasSubstr("from_event")));
}

TEST_F(RunStreamTest, EndsWhenTheNodeEnds) {
  const auto run = runs_.Begin(id_)->run;
  run->Append(Started());
  grpc::ClientContext context;
  const auto reader = Attach(context, id_, 0);
  v1::RunEvent event;
  ASSERT_TRUE(reader->Read(&event));
  runs_.Close();
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(RunStreamTest, NoticesThatItsReaderHasGone) {
  const auto run = runs_.Begin(id_)->run;
  run->Append(Started());
  {
    grpc::ClientContext context;
    const auto reader = Attach(context, id_, 0);
    v1::RunEvent event;
    ASSERT_TRUE(reader->Read(&event));
    context.TryCancel();
    reader->Finish();
  }
  run->EndStopped();
  // Were the reader still counted, this would wait in vain.
  const absl::Time before = absl::Now();
  runs_.AwaitQuiet(before + absl::Seconds(60));
  EXPECT_LT(absl::Now(), before + absl::Seconds(60));
}

}  // namespace
}  // namespace imprint::node
