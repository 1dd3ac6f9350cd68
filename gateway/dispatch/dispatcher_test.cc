#include "gateway/dispatch/dispatcher.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/dispatch/dispatch_fixture.h"

namespace imprint::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DispatcherTest : public DispatchFixture {
 protected:
  void Dispatch(DispatchSettings settings = {}) {
    heartbeat_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        nodes_.Heard(node_.address(), sampler_.Status());
        absl::SleepFor(absl::Milliseconds(20));
      }
    });
    dispatcher_ = std::make_unique<Dispatcher>(runs_, nodes_, client_, obstacles_, pace_, plans_,
                                               settings, metrics_);
  }

  bool HasBegun(const std::string& job, int attempt = 1) {
    for (const v1::RunKey& run : sampler_.begun()) {
      if (run.job() == "jobs/" + job && run.attempt() == attempt) return true;
    }
    return false;
  }

  // As if the file had been damaged.
  void Damage(const std::string& job, const std::string& changes) {
    ASSERT_THAT(database_->Write([&](soci::session& sql) -> absl::Status {
      sql << "update jobs set " << changes << " where id = '" << job << "'";
      return absl::OkStatus();
    }),
                Succeeds());
  }

  FakeSampler sampler_;
  Served node_{{&sampler_}};
  std::jthread heartbeat_;
  DrawingPace pace_;
  sets::ExpansionCache plans_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, AJobThatCannotBeReadStopsNoOther) {
  Create(ImageSet("unreadable", 4));
  Damage("unreadable", "spec = '{'");
  Create(ImageSet("good", 4));
  Dispatch();
  EXPECT_TRUE(Eventually([&] { return HasBegun("good"); }));
}

TEST_F(DispatcherTest, AJobThatCannotExpireStopsNoOther) {
  Create(ImageSet("unreadable", 4));
  Damage("unreadable", "job = '{', total_until_us = 1");
  Create(ImageSet("good", 4));
  Dispatch();
  EXPECT_TRUE(Eventually([&] { return HasBegun("good"); }));
}

TEST_F(DispatcherTest, ARunWhoseJobCannotBeReadStopsNoOther) {
  Create(ImageSet("unreadable", 4));
  ASSERT_THAT(leases_.Lease("unreadable", {"gone"}, absl::Seconds(-1)), Succeeds());
  Damage("unreadable", "job = '{'");
  Create(ImageSet("good", 4));
  Dispatch({.lease = absl::Milliseconds(100)});
  EXPECT_TRUE(Eventually([&] { return HasBegun("good"); }));
}

TEST_F(DispatcherTest, AutoBecomesWhatTheNodesPrefer) {
  NewJob created = ImageSet("s", 40);
  v1::ImageSetSpec& spec = *created.job.mutable_image_set();
  spec.set_precision("auto");
  // Nobody knows yet how fast its model is: the first chunk is small.
  spec.set_width(512);
  spec.set_height(512);
  spec.set_steps(10);
  created.item_work = ItemWork(spec);
  Create(std::move(created));
  Dispatch();
  ASSERT_TRUE(Eventually([&] { return HasBegun("s"); }));
  EXPECT_EQ(jobs_.Get("t", "s")->image_set().precision(), "bf16");
  EXPECT_EQ(jobs_.Get("t", "s")->image_set().batch_places(), 8);
  ASSERT_TRUE(Eventually([&] { return sampler_.newest().has_run(); }));
  EXPECT_EQ(sampler_.newest().batch_places(), 8);
  EXPECT_EQ(sampler_.newest().items_size(), 8) << "fewer would leave places empty";
}

TEST_F(DispatcherTest, ASetWaitsForABatchWithItsPlaces) {
  NewJob wide = ImageSet("wide", 4);
  wide.job.mutable_image_set()->set_batch_places(9);
  Create(std::move(wide));
  Create(ImageSet("s", 4));
  Dispatch();
  ASSERT_TRUE(Eventually([&] { return HasBegun("s"); }));
  EXPECT_FALSE(HasBegun("wide"));
}

TEST_F(DispatcherTest, AChunkWhosePicturesAreAllThereIsDone) {
  Create(ImageSet("s", 2));
  const RunLease lease = Lease("s");
  for (int64_t index = 0; index < 2; ++index) {
    v1::PictureDrawn picture;
    picture.mutable_request()->set_index(index);
    ASSERT_THAT(records_.RecordPicture(lease.key, picture, "imageSets/s"), Succeeds());
  }
  ASSERT_THAT(records_.GiveBack(lease.key, {.fault = false}), Succeeds());
  Dispatch();
  ASSERT_TRUE(Eventually([&] { return State("s") == v1::JOB_STATE_FINALIZING; }))
      << jobs_.Get("t", "s")->failure().message();
  EXPECT_EQ(jobs_.Get("t", "s")->result(), "imageSets/s");
}

TEST_F(DispatcherTest, AnAttemptThatTakesTooLongMakesRoomForTheNext) {
  NewJob created = ImageSet("s", 4);
  created.job.mutable_timeouts()->mutable_attempt()->set_nanos(300'000'000);
  Create(std::move(created));
  Dispatch();
  EXPECT_TRUE(Eventually([&] { return HasBegun("s", 2); }));
}

TEST_F(DispatcherTest, ARunThatSaysNothingMakesRoomForTheNext) {
  Create(ImageSet("s", 4));
  Dispatch({.stall = absl::Milliseconds(300)});
  EXPECT_TRUE(Eventually([&] { return HasBegun("s", 2); }));
}

TEST_F(DispatcherTest, ABulkRunGivesWayToAnInteractiveJob) {
  NewJob bulk = ImageSet("bulk", 4);
  bulk.job.set_priority(v1::JOB_PRIORITY_BULK);
  Create(std::move(bulk));
  Dispatch();
  ASSERT_TRUE(Eventually([&] { return HasBegun("bulk"); }));
  EXPECT_THAT(sampler_.stopped(), IsEmpty());
  NewJob urgent = ImageSet("urgent", 1);
  urgent.job.set_priority(v1::JOB_PRIORITY_INTERACTIVE);
  Create(std::move(urgent));
  ASSERT_TRUE(Eventually([&] { return !sampler_.stopped().empty(); }));
  const v1::StopSamplingRequest stopped = sampler_.stopped().front();
  EXPECT_EQ(stopped.run().job(), "jobs/bulk");
  EXPECT_EQ(stopped.mode(), v1::STOP_MODE_PREEMPT);
  EXPECT_THAT(stopped.reason(), HasSubstr("jobs/urgent"));
}

TEST_F(DispatcherTest, NothingBeginsWhileTheRegistryCannotAnswer) {
  fake_models_.answer = {grpc::StatusCode::DATA_LOSS, "database: damaged"};
  Create(ImageSet("s", 4));
  ASSERT_TRUE(Eventually([&] { return absl::IsDataLoss(client_.Ready()); }));
  Dispatch();
  ASSERT_TRUE(Eventually([&] { return nodes_.Nodes().size() == 1; }));
  EXPECT_THAT(client_.Ready(), Fails(absl::StatusCode::kDataLoss, HasSubstr("database: damaged")));
  EXPECT_FALSE(HasBegun("s"));
  fake_models_.answer = grpc::Status::OK;
  EXPECT_TRUE(Eventually([&] { return HasBegun("s"); }));
}

}  // namespace
}  // namespace imprint::gateway
