#include "cli/imprint/job_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
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

}  // namespace
}  // namespace imprint
