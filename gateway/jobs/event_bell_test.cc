#include "gateway/jobs/event_bell.h"

#include <thread>

#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

TEST(EventBell, ARingBeforeTheWaitIsNotMissed) {
  EventBell bell;
  const uint64_t count = bell.Count("jobs/a");
  bell.Ring("jobs/a");
  bell.Wait("jobs/a", count, absl::InfiniteDuration());
}

TEST(EventBell, WakesWhoeverWaits) {
  EventBell bell;
  const uint64_t count = bell.Count("jobs/a");
  std::thread ringer([&] { bell.Ring("jobs/a"); });
  bell.Wait("jobs/a", count, absl::InfiniteDuration());
  ringer.join();
}

TEST(EventBell, GivesUpInTime) {
  EventBell bell;
  bell.Wait("jobs/a", bell.Count("jobs/a"), absl::Milliseconds(1));
}

}  // namespace
}  // namespace imprint::gateway
