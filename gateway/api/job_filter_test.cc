#include "gateway/api/job_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::gateway {
namespace {

TEST(JobFilter, TermsAreJoined) {
  ASSERT_OK_AND_ASSIGN(
      const JobFilter filter,
      ParseJobFilter("state != FAILED AND kind = training AND labels.class = \"3 b\""));
  EXPECT_EQ(filter.states.at(v1::JOB_STATE_FAILED), false);
  EXPECT_EQ(filter.kind, "training");
  EXPECT_EQ(filter.labels.at("class"), "3 b");
}

TEST(JobFilter, InQuotesStandsWhatever) {
  ASSERT_OK_AND_ASSIGN(const JobFilter filter,
                       ParseJobFilter("labels.a = \"x AND y != z\" AND kind=training"));
  EXPECT_EQ(filter.labels.at("a"), "x AND y != z");
  EXPECT_EQ(filter.kind, "training");
}

TEST(JobFilter, ContradictionsAreRefused) {
  for (const char* text :
       {"state = RUNNING AND state = PENDING", "state = RUNNING AND state != RUNNING",
        "state != RUNNING AND state = RUNNING"}) {
    EXPECT_THAT(ParseJobFilter(text), RefusesNaming(std::vector<std::string>{"filter: ", "state"}))
        << text;
  }
  EXPECT_TRUE(ParseJobFilter("state != RUNNING AND state != PENDING").ok());
}

TEST(JobFilter, EmptyRestrictsNothing) {
  ASSERT_OK_AND_ASSIGN(const JobFilter filter, ParseJobFilter(" "));
  EXPECT_TRUE(filter.states.empty() && filter.kind.empty() && filter.labels.empty());
}

TEST(JobFilter, WhatIsNotUnderstoodIsNamed) {
  for (const char* text : {"state = ASLEEP", "colour = red", "state", "kind != training",
                           "labels. = x", "labels.a = \"x", "labels.a = x\"y", "= x",
                           "labels.a != x", "state = RUNNING OR state = FAILED"}) {
    EXPECT_THAT(ParseJobFilter(text), RefusesNaming(std::vector<std::string>{"filter: "})) << text;
  }
}

}  // namespace
}  // namespace imprint::gateway
