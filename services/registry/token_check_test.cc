#include "services/registry/token_check.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TokenCheckTest : public RegistryFixture {
 protected:
  v1::CheckTokensResponse Check(std::initializer_list<std::string> tokens) {
    v1::CheckTokensRequest request;
    request.set_base_model("baseModels/demo");
    for (const std::string& token : tokens) request.add_tokens(token);
    auto checked = check_.Check(request);
    EXPECT_TRUE(checked.ok()) << checked.status();
    return *std::move(checked);
  }

  TokenCheck check_{models_, concepts_};
};

TEST_F(TokenCheckTest, SaysWhoElseHasAToken) {
  const auto create = [&](const std::string& id, const std::string& token) {
    v1::CreateConceptRequest request;
    request.set_concept_id(id);
    request.mutable_new_concept()->set_token(token);
    request.mutable_new_concept()->set_class_word("dog");
    EXPECT_THAT(concepts_.Create(request), Succeeds());
  };
  create("rex", "<rex>");
  create("rex-too", "<Rex>");
  create("mia", "<mia>");
  v1::CheckTokensRequest request;
  request.set_base_model("baseModels/demo");
  request.add_tokens("<rex>");
  request.set_concept_name("concepts/rex");
  EXPECT_THAT(check_.Check(request)->other_concepts(), ElementsAre("concepts/rex-too"));
  request.clear_concept_name();
  EXPECT_THAT(check_.Check(request)->other_concepts(),
              ElementsAre("concepts/rex", "concepts/rex-too"));
}

TEST_F(TokenCheckTest, NewWordsAreGood) {
  EXPECT_THAT(Check({"<rex>", "<mia>"}).problem(), IsEmpty());
  EXPECT_THAT(Check({}).problem(), IsEmpty());
}

TEST_F(TokenCheckTest, AWordThatTheModelKnowsIsNamed) {
  const v1::CheckTokensResponse checked = Check({"<rex>", "dog"});
  EXPECT_EQ(checked.bad_token(), 1);
  EXPECT_THAT(checked.problem(), HasSubstr("got \"dog\"; expected a new word"));
}

TEST_F(TokenCheckTest, TwoThatReadTheSameAreNamed) {
  const v1::CheckTokensResponse checked = Check({"<rex>", "<REX>"});
  EXPECT_EQ(checked.bad_token(), 1);
  EXPECT_THAT(checked.problem(), HasSubstr("is taken"));
}

TEST_F(TokenCheckTest, AModelThatIsNotThereIsNamed) {
  v1::CheckTokensRequest request;
  request.set_base_model("baseModels/none");
  EXPECT_THAT(check_.Check(request), Fails(absl::StatusCode::kNotFound, HasSubstr("base_model: ")));
}

}  // namespace
}  // namespace imprint::registry
