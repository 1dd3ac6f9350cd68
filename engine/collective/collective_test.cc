#include "engine/collective/collective.h"

#include <atomic>
#include <functional>
#include <latch>
#include <stop_token>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/collective/gang_door.h"
#include "engine/collective/gang_of_threads.h"
#include "engine/collective/join_gang.h"

namespace imprint::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void RunGang(int size, const std::function<void(GangPlace&)>& adjust, const RankWork& work) {
  ASSERT_THAT(RunGangOfThreads(size, work, adjust), Succeeds());
}

TEST(Collective, AGangOfOneNeedsNobody) {
  ASSERT_OK_AND_ASSIGN(const auto gang, JoinGang({}, ComputeDevice(), nullptr));
  at::Tensor values = at::arange(3, at::kFloat);
  EXPECT_THAT(gang->Sum(values), Succeeds());
  EXPECT_TRUE(values.equal(at::arange(3, at::kFloat)));
  EXPECT_EQ(gang->size(), 1);
}

TEST(Collective, SumsAreTheSameBitsEverywhere) {
  for (const int size : {2, 3, 4}) {
    std::vector<at::Tensor> results(static_cast<size_t>(size));
    RunGang(size, nullptr, [&](auto joined) {
      ASSERT_OK_AND_ASSIGN(const auto gang, std::move(joined));
      EXPECT_EQ(gang->size(), size);
      at::Tensor values = at::arange(770, at::kFloat).mul_(0.1 * (gang->rank() + 1));
      EXPECT_THAT(gang->Sum(values), Succeeds());
      EXPECT_THAT(gang->Barrier(), Succeeds());
      EXPECT_EQ(gang->use().bytes, 770 * 4);
      EXPECT_GT(gang->use().seconds, 0);
      results[static_cast<size_t>(gang->rank())] = values;
    });
    const at::Tensor wanted = at::arange(770, at::kFloat) * (0.1 * size * (size + 1) / 2);
    EXPECT_TRUE(results[0].allclose(wanted, 1e-5)) << size;
    for (const at::Tensor& result : results) EXPECT_TRUE(result.equal(results[0])) << size;
  }
}

TEST(Collective, RankZerosTensorIsEverybodys) {
  RunGang(3, nullptr, [](auto joined) {
    ASSERT_OK_AND_ASSIGN(const auto gang, std::move(joined));
    at::Tensor values = at::full({4}, gang->rank() + 7, at::kFloat);
    EXPECT_THAT(gang->Broadcast(values), Succeeds());
    EXPECT_TRUE(values.equal(at::full({4}, 7, at::kFloat)));
  });
}

TEST(Collective, ARankThatIsGoneIsNoticedAtOnce) {
  const absl::Time begun = absl::Now();
  RunGang(3, nullptr, [](auto joined) {
    ASSERT_OK_AND_ASSIGN(auto gang, std::move(joined));
    if (gang->rank() == 1) return;
    at::Tensor values = at::ones({770});
    EXPECT_THAT(gang->Sum(values), Fails(absl::StatusCode::kUnavailable, HasSubstr("summing up")));
  });
  EXPECT_LT(absl::Now() - begun, absl::Seconds(10)) << "well before the patience ends";
}

TEST(Collective, ARankThatIsSilentEndsTheGangsPatience) {
  const auto hurry = [](GangPlace& place) { place.patience = absl::Seconds(1); };
  const absl::Time begun = absl::Now();
  std::latch others(2);
  std::atomic<int> timed_out = 0;
  RunGang(3, hurry, [&](auto joined) {
    ASSERT_OK_AND_ASSIGN(auto gang, std::move(joined));
    // The silent one keeps its connections until the others have given up.
    if (gang->rank() == 2) return others.wait();
    at::Tensor values = at::ones({770});
    const absl::Status status = gang->Sum(values);
    EXPECT_THAT(status, Not(Succeeds()));
    if (absl::IsDeadlineExceeded(status)) ++timed_out;
    gang = nullptr;
    others.count_down();
  });
  EXPECT_GE(timed_out, 1);
  EXPECT_LT(absl::Now() - begun, absl::Seconds(10));
}

TEST(Collective, ABarrierThatNotAllReachEndsTheGangsPatience) {
  const auto hurry = [](GangPlace& place) {
    place.join_patience = absl::Seconds(2);
    place.patience = absl::Seconds(1);
  };
  const absl::Time begun = absl::Now();
  std::latch other(1);
  RunGang(2, hurry, [&](auto joined) {
    ASSERT_OK_AND_ASSIGN(auto gang, std::move(joined));
    if (gang->rank() == 1) return other.wait();
    EXPECT_THAT(gang->Barrier(),
                Fails(absl::StatusCode::kDeadlineExceeded, HasSubstr("gang: waiting for all")));
    other.count_down();
  });
  EXPECT_LT(absl::Now() - begun, absl::Seconds(10));
}

TEST(JoinGang, NamesTheRankThatNeverComes) {
  const auto larger = [](GangPlace& place) {
    place.size = 3;
    place.join_patience = absl::Seconds(1);
  };
  const absl::Time begun = absl::Now();
  RunGang(2, larger, [](auto joined) {
    EXPECT_THAT(joined,
                Fails(absl::StatusCode::kDeadlineExceeded,
                      HasSubstr("gang: not all ranks have come within 1s: missing rank 2")));
  });
  EXPECT_LT(absl::Now() - begun, absl::Seconds(10));
}

// Rank 1 also while rank 0 has its door open and has not come yet.
TEST(JoinGang, HearsAStopWhileItWaits) {
  for (const int rank : {0, 1}) {
    ASSERT_OK_AND_ASSIGN(const GangDoor door, GangDoor::Open("127.0.0.1"));
    const GangPlace place{.rank = rank, .size = 2, .port = door.port(), .token = "stopped"};
    std::stop_source stop;
    int waits = 0;
    const auto wait = [&] {
      if (++waits == 3) stop.request_stop();
    };
    const absl::Time begun = absl::Now();
    EXPECT_THAT(JoinGang(place, ComputeDevice(), rank == 0 ? &door : nullptr,
                         {.stop = stop.get_token(), .on_wait = wait}),
                Fails(absl::StatusCode::kCancelled, HasSubstr("stopped")));
    EXPECT_LT(absl::Now() - begun, absl::Seconds(5)) << "well before the patience ends";
    EXPECT_EQ(waits, 3);
  }
}

TEST(JoinGang, NamesWhatIsWrongWithThePlace) {
  const auto refused = [](const GangPlace& place, const std::string& field) {
    EXPECT_THAT(JoinGang(place, ComputeDevice(), nullptr),
                RefusesNaming(std::vector<std::string>{field}));
  };
  refused({.size = 0}, "ranks: got 0");
  refused({.rank = 2, .size = 2, .port = 1, .token = "x"}, "rank: got 2");
  refused({.size = 2, .token = "x"}, "rendezvous port: got 0");
  refused({.size = 2, .port = 5}, "gang token: got none");
  refused({.size = 2, .port = 5, .token = "x"}, "gang door: got none");
}

TEST(GangDoor, NamesAHostThatIsNone) {
  EXPECT_THAT(GangDoor::Open("no such host"), RefusesNaming(std::vector<std::string>{"no such"}));
  EXPECT_THAT(GangDoor::Open("192.0.2.1"),
              Fails(absl::StatusCode::kUnavailable, HasSubstr("192.0.2.1")));
}

}  // namespace
}  // namespace imprint::engine
