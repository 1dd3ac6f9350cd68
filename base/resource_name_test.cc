#include "base/resource_name.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;

TEST(ResourceName, GivesItsIds) {
  ASSERT_OK_AND_ASSIGN(const auto ids, ParseResourceName("name", "concepts/mia/embeddings/3",
                                                         "concepts/*/embeddings/*"));
  EXPECT_THAT(ids, ElementsAre("mia", "3"));
}

TEST(ResourceName, RefusesWhatDoesNotFitNamingTheField) {
  for (const std::string name : {"", "mia", "concepts/", "concepts/Mia", "concepts/../x",
                                 "concepts/mia/", "jobs/mia", "concepts/-mia", "concepts/m\n"}) {
    EXPECT_THAT(ParseResourceName("concept", name, "concepts/*"),
                RefusesNaming(std::vector<std::string>{"concept: ", "concepts/ID"}))
        << name;
  }
  EXPECT_FALSE(CheckResourceId("id", std::string(64, 'a')).ok());
  EXPECT_TRUE(CheckResourceId("id", std::string(63, 'a')).ok());
}

TEST(ResourceName, OfTheFirstLevelHasOneId) {
  const auto id = ParseResourceId("name", "concepts/mia", "concepts");
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(*id, "mia");
  EXPECT_THAT(ParseResourceId("parent", "jobs/mia", "concepts"),
              RefusesNaming(std::vector<std::string>{"parent: ", "\"jobs/mia\"", "concepts/ID"}));
}

TEST(ResourceName, NewIdsAreValidAndDiffer) {
  const std::string id = NewResourceId();
  EXPECT_TRUE(CheckResourceId("id", id).ok()) << id;
  EXPECT_NE(id, NewResourceId());
}

}  // namespace
}  // namespace imprint
