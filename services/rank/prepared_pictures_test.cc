#include "services/rank/prepared_pictures.h"

#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "services/node/loopback_server.h"
#include "services/rank/fake_registry.h"

namespace imprint::rank {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class PreparedPicturesTest : public ::testing::Test {
 protected:
  auto Fetch(const std::string& token, int size, absl::Duration patience = absl::Seconds(30)) {
    v1::Ticket ticket;
    ticket.set_registry(server_.address());
    ticket.set_token(token);
    return FetchPreparedPictures(ticket, size, SquareFit::kCrop, stop_.get_token(), patience);
  }

  std::vector<RgbImage> pictures_ = {RgbImage::Blank(8, 8, 1), RgbImage::Blank(8, 8, 2),
                                     RgbImage::Blank(8, 8, 3)};
  FakeRegistry registry_{pictures_};
  node::LoopbackServer server_{{&registry_}};
  std::stop_source stop_;
};

TEST_F(PreparedPicturesTest, ComeInTheSetsOrder) {
  ASSERT_OK_AND_ASSIGN(const auto pictures, Fetch("ticket", 8));
  EXPECT_EQ(pictures, pictures_);
}

TEST_F(PreparedPicturesTest, AnotherSizeThanAskedForIsAnError) {
  EXPECT_THAT(Fetch("ticket", 16), Fails(absl::StatusCode::kDataLoss, HasSubstr("16×16")));
}

TEST_F(PreparedPicturesTest, AVoidTicketIsNotTriedAgain) {
  EXPECT_THAT(Fetch("old", 8), Fails(absl::StatusCode::kPermissionDenied, HasSubstr("void")));
  EXPECT_EQ(registry_.calls, 1);
}

TEST_F(PreparedPicturesTest, ARegistryThatBreaksOffIsAskedAgain) {
  registry_.break_off = 2;
  ASSERT_OK_AND_ASSIGN(const auto pictures, Fetch("ticket", 8));
  EXPECT_EQ(pictures, pictures_);
  EXPECT_EQ(registry_.calls, 3);
}

TEST_F(PreparedPicturesTest, PatienceEnds) {
  registry_.break_off = 1000;
  // The second if the machine is so busy that the time runs out within a call.
  EXPECT_THAT(Fetch("ticket", 8, absl::Seconds(1)),
              AnyOf(Fails(absl::StatusCode::kUnavailable, HasSubstr("restarts")),
                    Fails(absl::StatusCode::kDeadlineExceeded, HasSubstr(""))));
}

TEST_F(PreparedPicturesTest, AStopEndsTheWaiting) {
  registry_.break_off = 1 << 30;
  std::thread stopper([this] {
    while (registry_.calls == 0) std::this_thread::yield();
    stop_.request_stop();
  });
  EXPECT_THAT(Fetch("ticket", 8, absl::Hours(1)),
              Fails(absl::StatusCode::kCancelled, HasSubstr("")));
  stopper.join();
}

}  // namespace
}  // namespace imprint::rank
