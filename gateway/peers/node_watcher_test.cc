#include "gateway/peers/node_watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;

TEST(ResolveNodes, ANameStandsForItsAddresses) {
  ASSERT_OK_AND_ASSIGN(const auto found, ResolveNodes("dns:localhost:7"));
  EXPECT_THAT(found, ElementsAre("127.0.0.1:7"));
  ASSERT_OK_AND_ASSIGN(const auto given, ResolveNodes("10.0.0.1:7"));
  EXPECT_THAT(given, ElementsAre("10.0.0.1:7"));
}

TEST(ResolveNodes, WhatIsNoNameIsRefused) {
  EXPECT_THAT(ResolveNodes("dns:localhost"),
              RefusesNaming(std::vector<std::string>{"node address", "dns:NAME:PORT"}));
}

}  // namespace
}  // namespace imprint::gateway
