#include "cli/imprint/client/prompt_embeddings.h"

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;

v1::Concept Taught(const std::string& id, const std::string& token) {
  v1::Concept made;
  made.set_name(absl::StrCat("concepts/", id));
  made.set_token(token);
  made.set_newest_embedding(absl::StrCat("concepts/", id, "/embeddings/2"));
  return made;
}

TEST(ConceptsOf, FindsTheConceptsThatPromptsName) {
  EXPECT_THAT(ConceptsOf({.prompts = {"<REX> and", "<rex>'s bone"}, .negative = "<mia>"},
                         {Taught("mia", "<mia>"), Taught("tom", "<tom>"), Taught("rex", "<Rex>")}),
              SucceedsWith(ElementsAre("concepts/mia/embeddings/2", "concepts/rex/embeddings/2")));
}

TEST(ConceptsOf, PassesOverConceptsThatWereNeverTaught) {
  v1::Concept empty = Taught("rex", "<rex>");
  empty.clear_newest_embedding();
  EXPECT_THAT(ConceptsOf({.prompts = {"<rex>"}}, {empty, Taught("dog", "<rex>")}),
              SucceedsWith(ElementsAre("concepts/dog/embeddings/2")));
}

TEST(ConceptsOf, RefusesToGuessBetweenTwoOfOneToken) {
  EXPECT_THAT(
      ConceptsOf({.prompts = {"<rex>"}}, {Taught("rex", "<rex>"), Taught("old-rex", "<REX>")}),
      RefusesNaming(std::vector<std::string>{"--embedding rex", "--embedding old-rex"}));
}

TEST(ConceptsOf, ComposedAndDecomposedTokensAreOneWord) {
  EXPECT_THAT(ConceptsOf({.prompts = {"<ros\u00E9>"}}, {Taught("rose", "<rose\u0301>")}),
              SucceedsWith(ElementsAre("concepts/rose/embeddings/2")));
}

}  // namespace
}  // namespace imprint::cli
