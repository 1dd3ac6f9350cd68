#include "orders/compute_device.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

TEST(ParseDevice, KnowsWhatItIsCalled) {
  EXPECT_EQ(**ParseDevice("device", "cpu"), ComputeDevice());
  EXPECT_EQ(**ParseDevice("device", "cuda"), (ComputeDevice{DeviceKind::kCuda, 0}));
  EXPECT_EQ(**ParseDevice("device", "cuda:12"), (ComputeDevice{DeviceKind::kCuda, 12}));
  EXPECT_EQ(*ParseDevice("device", "auto"), std::nullopt);
}

TEST(ParseDevice, GivesNamesBack) {
  for (const char* name : {"cpu", "cuda:0", "cuda:3"}) {
    EXPECT_EQ(Name(**ParseDevice("device", name)), name);
  }
}

TEST(DeviceOfRank, ProcessorsAreSharedAndGpusAreNot) {
  EXPECT_EQ(Name(DeviceOfRank({}, 3)), "cpu");
  EXPECT_EQ(Name(DeviceOfRank({DeviceKind::kCuda, 1}, 2)), "cuda:3");
}

TEST(ParseDevice, RefusesWhatIsNone) {
  for (const std::string name : {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:+1", "cuda:01",
                                 "cuda:1024", "cuda:1 ", "cuda:99999999999999999999", "mps"}) {
    EXPECT_THAT(ParseDevice("device", name),
                RefusesNaming(std::vector<std::string>{"device", name, "cuda:N"}))
        << name;
  }
}

}  // namespace
}  // namespace imprint
