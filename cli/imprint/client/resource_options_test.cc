#include "cli/imprint/client/resource_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using Parts = std::vector<std::string>;

TEST(ResourceNames, AreTakenInFullAndInShort) {
  EXPECT_THAT(JobName("a1"), SucceedsWith(std::string("jobs/a1")));
  EXPECT_THAT(JobName("jobs/a1"), SucceedsWith(std::string("jobs/a1")));
  EXPECT_THAT(ModelName("demo"), SucceedsWith(std::string("baseModels/demo")));
  EXPECT_THAT(ReferenceSetName("referenceSets/x"), SucceedsWith(std::string("referenceSets/x")));
  EXPECT_EQ(ShortName("jobs/a1"), "a1");
  EXPECT_EQ(ShortName("a1"), "a1");
}

TEST(ResourceNames, OfAnotherKindAreRefused) {
  EXPECT_THAT(JobName("imageSets/a1"),
              RefusesNaming(Parts{"JOB", "\"imageSets/a1\"", "an id, or jobs/ID"}));
  EXPECT_THAT(ConceptName(""), RefusesNaming(Parts{"concept"}));
}

TEST(EmbeddingName, KnowsVersionsFromAliases) {
  EXPECT_THAT(EmbeddingName("rex"), SucceedsWith(std::string("concepts/rex")));
  EXPECT_THAT(EmbeddingName("rex/3"), SucceedsWith(std::string("concepts/rex/embeddings/3")));
  EXPECT_THAT(EmbeddingName("rex/approved"),
              SucceedsWith(std::string("concepts/rex/aliases/approved")));
  for (const char* full : {"concepts/rex", "concepts/rex/embeddings/3", "concepts/rex/aliases/a"}) {
    EXPECT_THAT(EmbeddingName(full), SucceedsWith(std::string(full)));
  }
  for (const char* wrong : {"", "/", "rex/", "rex/a/b", "rex/../x", "jobs/rex/embeddings/3"}) {
    EXPECT_THAT(EmbeddingName(wrong), RefusesNaming(Parts{"embedding", "rex/3"})) << wrong;
  }
}

TEST(ConceptIdFromToken, KeepsWhatAnIdMayHave) {
  EXPECT_THAT(ConceptIdFromToken("<rex>"), SucceedsWith(std::string("rex")));
  EXPECT_THAT(ConceptIdFromToken("<Old  Town #2>"), SucceedsWith(std::string("old-town-2")));
  EXPECT_THAT(ConceptIdFromToken(std::string(100, 'a')), SucceedsWith(std::string(63, 'a')));
  EXPECT_THAT(ConceptIdFromToken("<川>"), RefusesNaming(Parts{"concept", "--concept ID", "<川>"}));
}

TEST(ParseJobPriority, KnowsThreeAndTheServersChoice) {
  EXPECT_THAT(ParseJobPriority(""), SucceedsWith(v1::JOB_PRIORITY_UNSPECIFIED));
  EXPECT_THAT(ParseJobPriority("bulk"), SucceedsWith(v1::JOB_PRIORITY_BULK));
  EXPECT_THAT(ParseJobPriority("interactive"), SucceedsWith(v1::JOB_PRIORITY_INTERACTIVE));
  EXPECT_THAT(ParseJobPriority("high"),
              RefusesNaming(Parts{"priority", "\"high\"", "bulk, normal or interactive"}));
}

}  // namespace
}  // namespace imprint::cli
