#include "services/registry/concepts.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rpc/status.h"
#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Parts = std::vector<std::string>;

v1::CreateConceptRequest NewConcept(const std::string& id, const std::string& token,
                                    const std::string& class_word = "dog") {
  v1::CreateConceptRequest request;
  request.set_concept_id(id);
  request.mutable_new_concept()->set_token(token);
  request.mutable_new_concept()->set_class_word(class_word);
  return request;
}

v1::UpdateConceptRequest NewDescription(const std::string& name, const std::string& description) {
  v1::UpdateConceptRequest request;
  request.mutable_changed_concept()->set_name(name);
  request.mutable_changed_concept()->set_description(description);
  request.mutable_update_mask()->add_paths("description");
  return request;
}

v1::Alias AliasOf(const std::string& name, const std::string& embedding) {
  v1::Alias alias;
  alias.set_name(name);
  alias.set_embedding(embedding);
  return alias;
}

class ConceptsTest : public RegistryFixture {
 protected:
  v1::Concept Create(const v1::CreateConceptRequest& request) {
    auto made = concepts_.Create(request);
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }

  // Another version of concepts/rex.
  void Teach(const std::string& job) {
    EXPECT_THAT(embeddings_.Commit(Trained(job), committed_), Succeeds());
  }

  void Block(const std::string& embedding) {
    v1::BlockEmbeddingRequest request;
    request.set_name(embedding);
    request.set_reason("no consent");
    ASSERT_THAT(embeddings_.Block(request), Succeeds());
  }

  void Delete(const std::string& embedding) {
    v1::DeleteEmbeddingRequest request;
    request.set_name(embedding);
    request.set_reason("asked by the artist");
    ASSERT_THAT(embeddings_.Delete(request), Succeeds());
  }

  // The names on the page after `after`, of `size` concepts at most; `next` as List sets it.
  Parts Names(int size, const std::string& after, std::string& next) {
    next.clear();
    const auto concepts = concepts_.List({.size = size, .after = after}, next);
    EXPECT_TRUE(concepts.ok()) << concepts.status();
    Parts names;
    for (const v1::Concept& each : *concepts) names.push_back(each.name());
    return names;
  }

  static constexpr const char* kFirst = "concepts/rex/embeddings/1";
  static constexpr const char* kSecond = "concepts/rex/embeddings/2";
};

TEST_F(ConceptsTest, IsWhatItWasCreatedAs) {
  const v1::Concept made = Create(NewConcept("rex", "<rex>"));
  EXPECT_EQ(made.name(), "concepts/rex");
  EXPECT_EQ(made.token(), "<rex>");
  EXPECT_EQ(made.class_word(), "dog");
  EXPECT_EQ(made.kind(), v1::CONCEPT_KIND_OBJECT) << "unless something else is asked for";
  EXPECT_THAT(made.newest_embedding(), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const v1::Concept found, concepts_.Get("concepts/rex"));
  EXPECT_EQ(found.SerializeAsString(), made.SerializeAsString());
  EXPECT_THAT(concepts_.Get("concepts/max"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("concepts/max")));
}

TEST_F(ConceptsTest, WhatTheServerSetsIsNotTheCallersToSet) {
  v1::CreateConceptRequest request = NewConcept("rex", "<rex>");
  request.mutable_new_concept()->set_name("concepts/max");
  request.mutable_new_concept()->set_newest_embedding("concepts/max/embeddings/7");
  request.mutable_new_concept()->set_etag("7");
  const v1::Concept made = Create(request);
  EXPECT_EQ(made.name(), "concepts/rex");
  EXPECT_THAT(made.newest_embedding(), IsEmpty());
  EXPECT_NE(made.etag(), "7");
}

TEST_F(ConceptsTest, CreatingItTwiceIsOnceAndOtherWordsAreAnother) {
  const v1::Concept made = Create(NewConcept("rex", "<rex>"));
  EXPECT_EQ(Create(NewConcept("rex", "<rex>")).SerializeAsString(), made.SerializeAsString());
  for (const auto& other : {NewConcept("rex", "<max>"), NewConcept("rex", "<rex>", "cat")}) {
    EXPECT_THAT(concepts_.Create(other), Fails(absl::StatusCode::kAlreadyExists,
                                               HasSubstr("concepts/rex is \"<rex>\", a dog")));
  }
}

TEST_F(ConceptsTest, WhatIsNoConceptIsRefusedByField) {
  EXPECT_THAT(concepts_.Create(NewConcept("Rex!", "<rex>")),
              RefusesNaming(Parts{"concept_id", "Rex!"}));
  EXPECT_THAT(concepts_.Create(NewConcept("rex", "")), RefusesNaming(Parts{"new_concept.token"}));
  EXPECT_THAT(concepts_.Create(NewConcept("rex", "dog")),
              RefusesNaming(Parts{"new_concept.token", "\"dog\""}));
  EXPECT_THAT(concepts_.Create(NewConcept("rex", "<rex>", "")),
              RefusesNaming(Parts{"new_concept.class_word"}));
  v1::CreateConceptRequest long_winded = NewConcept("rex", "<rex>");
  long_winded.mutable_new_concept()->set_description(std::string(2001, 'x'));
  EXPECT_THAT(concepts_.Create(long_winded), RefusesNaming(Parts{"new_concept.description"}));
  v1::CreateConceptRequest odd = NewConcept("rex", "<rex>");
  odd.mutable_new_concept()->set_kind(static_cast<v1::ConceptKind>(99));
  EXPECT_THAT(concepts_.Create(odd), RefusesNaming(Parts{"new_concept.kind: got 99"}));
}

TEST_F(ConceptsTest, OnlyItsDescriptionChanges) {
  Create(NewConcept("rex", "<rex>"));
  v1::UpdateConceptRequest request = NewDescription("concepts/rex", "a good dog");
  request.mutable_changed_concept()->set_token("<max>");
  ASSERT_THAT(concepts_.Update(request), Succeeds());
  ASSERT_OK_AND_ASSIGN(const v1::Concept changed, concepts_.Get("concepts/rex"));
  EXPECT_EQ(changed.description(), "a good dog");
  EXPECT_EQ(changed.token(), "<rex>");
  request.mutable_update_mask()->add_paths("token");
  EXPECT_THAT(concepts_.Update(request), RefusesNaming(Parts{"update_mask: got \"token\""}));
  request.clear_update_mask();
  EXPECT_THAT(concepts_.Update(request), RefusesNaming(Parts{"update_mask: got none"}));
}

TEST_F(ConceptsTest, AChangeThatHasNotSeenTheLastOneIsRefused) {
  const v1::Concept made = Create(NewConcept("rex", "<rex>"));
  v1::UpdateConceptRequest request = NewDescription("concepts/rex", "a good dog");
  request.mutable_changed_concept()->set_etag(made.etag());
  ASSERT_OK_AND_ASSIGN(const v1::Concept changed, concepts_.Update(request));
  EXPECT_NE(changed.etag(), made.etag());
  EXPECT_THAT(concepts_.Update(request), Fails(absl::StatusCode::kAborted, HasSubstr("etag")));
  EXPECT_THAT(concepts_.Delete("concepts/rex", made.etag()),
              Fails(absl::StatusCode::kAborted, HasSubstr("etag")));
  EXPECT_THAT(concepts_.Delete("concepts/rex", changed.etag()), Succeeds());
}

TEST_F(ConceptsTest, ANewVersionChangesItsEtag) {
  const v1::Concept made = Create(NewConcept("rex", "<rex>"));
  Teach("jobs/a");
  ASSERT_OK_AND_ASSIGN(const v1::Concept taught, concepts_.Get("concepts/rex"));
  EXPECT_EQ(taught.newest_embedding(), kFirst);
  EXPECT_NE(taught.etag(), made.etag());
}

TEST_F(ConceptsTest, TheNewestVersionIsTheNewestThatIsNotDeleted) {
  Teach("jobs/a");
  Teach("jobs/b");
  EXPECT_EQ(concepts_.Get("concepts/rex")->newest_embedding(), kSecond);
  Delete(kSecond);
  EXPECT_EQ(concepts_.Get("concepts/rex")->newest_embedding(), kFirst);
  Teach("jobs/c");
  EXPECT_EQ(concepts_.Get("concepts/rex")->newest_embedding(), "concepts/rex/embeddings/3")
      << "a number is never used twice";
}

TEST_F(ConceptsTest, OneThatWasTaughtIsKeptForItsLineage) {
  Create(NewConcept("max", "<max>"));
  Teach("jobs/a");
  Delete(kFirst);
  EXPECT_THAT(concepts_.Delete("concepts/rex", ""),
              Fails(absl::StatusCode::kFailedPrecondition,
                    HasSubstr("concepts/rex has had 1 embeddings, whose lineage is kept")));
  ASSERT_THAT(concepts_.Delete("concepts/max", ""), Succeeds());
  EXPECT_THAT(concepts_.Get("concepts/max"), Fails(absl::StatusCode::kNotFound, HasSubstr("")));
}

TEST_F(ConceptsTest, AreListedPageByPage) {
  for (const char* id : {"c", "a", "b"}) Create(NewConcept(id, "<rex>"));
  std::string next;
  EXPECT_THAT(Names(2, "", next), ElementsAre("concepts/a", "concepts/b"));
  EXPECT_EQ(next, "b");
  EXPECT_THAT(Names(2, "b", next), ElementsAre("concepts/c"));
  EXPECT_THAT(next, IsEmpty());
  EXPECT_THAT(Names(3, "", next), ElementsAre("concepts/a", "concepts/b", "concepts/c"));
  EXPECT_THAT(next, IsEmpty()) << "a full page may be the last";
}

TEST_F(ConceptsTest, AreFoundByTheirTokensInAnyCase) {
  Create(NewConcept("rex", "<rex>"));
  Create(NewConcept("king", "<Rex>"));
  Create(NewConcept("max", "<max>"));
  EXPECT_THAT(concepts_.WithTokens({"<REX>"}, ""),
              SucceedsWith(ElementsAre("concepts/king", "concepts/rex")));
  EXPECT_THAT(concepts_.WithTokens({"<rex>", "<max>"}, "concepts/rex"),
              SucceedsWith(ElementsAre("concepts/king", "concepts/max")))
      << "the one that may have it is left out";
  EXPECT_THAT(concepts_.WithTokens({"<re>"}, ""), SucceedsWith(IsEmpty()));
}

TEST_F(ConceptsTest, AnAliasPointsToAVersionOfItsOwnConcept) {
  Create(NewConcept("max", "<max>"));
  Teach("jobs/a");
  ASSERT_THAT(concepts_.SetAlias(AliasOf("concepts/rex/aliases/approved", kFirst)), Succeeds());
  EXPECT_THAT(concepts_.SetAlias(AliasOf("concepts/max/aliases/approved", kFirst)),
              RefusesNaming(Parts{"alias.embedding", kFirst, "a version of concepts/max"}));
  for (const char* vague : {"concepts/rex", "concepts/rex/aliases/approved"}) {
    EXPECT_THAT(concepts_.SetAlias(AliasOf("concepts/rex/aliases/other", vague)),
                RefusesNaming(Parts{"alias.embedding", vague}));
  }
  EXPECT_THAT(concepts_.SetAlias(AliasOf("concepts/rex/aliases/other", kSecond)),
              Fails(absl::StatusCode::kNotFound, HasSubstr(kSecond)));
}

TEST_F(ConceptsTest, NoAliasIsPointedToABlockedVersion) {
  Teach("jobs/a");
  Block(kFirst);
  const absl::Status refused =
      concepts_.SetAlias(AliasOf("concepts/rex/aliases/approved", kFirst)).status();
  EXPECT_THAT(refused, Fails(absl::StatusCode::kFailedPrecondition,
                             HasSubstr("alias.embedding: concepts/rex/embeddings/1 is blocked")));
  EXPECT_EQ(ReasonOf(refused), "EMBEDDING_BLOCKED");
}

TEST_F(ConceptsTest, AliasesAreListedPageByPage) {
  Teach("jobs/a");
  for (const char* id : {"two", "one"}) {
    ASSERT_THAT(concepts_.SetAlias(AliasOf(std::string("concepts/rex/aliases/") + id, kFirst)),
                Succeeds());
  }
  std::string next;
  ASSERT_OK_AND_ASSIGN(const auto first, concepts_.ListAliases("concepts/rex", {.size = 1}, next));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].name(), "concepts/rex/aliases/one");
  EXPECT_EQ(first[0].embedding(), kFirst);
  ASSERT_EQ(next, "one");
  std::string none;
  ASSERT_OK_AND_ASSIGN(const auto second,
                       concepts_.ListAliases("concepts/rex", {.size = 1, .after = next}, none));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].name(), "concepts/rex/aliases/two");
  EXPECT_THAT(none, IsEmpty());
  EXPECT_THAT(concepts_.ListAliases("concepts/max", {}, none),
              Fails(absl::StatusCode::kNotFound, HasSubstr("concepts/max")));
}

TEST_F(ConceptsTest, AnAliasGoesUnderItsEtagAndLeavesTheVersion) {
  Teach("jobs/a");
  const std::string name = "concepts/rex/aliases/approved";
  ASSERT_OK_AND_ASSIGN(const v1::Alias alias, concepts_.SetAlias(AliasOf(name, kFirst)));
  EXPECT_THAT(concepts_.DeleteAlias(name, alias.etag() + "0"),
              Fails(absl::StatusCode::kAborted, HasSubstr("etag")));
  ASSERT_THAT(concepts_.DeleteAlias(name, alias.etag()), Succeeds());
  EXPECT_THAT(concepts_.DeleteAlias(name, ""), Fails(absl::StatusCode::kNotFound, HasSubstr(name)));
  EXPECT_EQ(embeddings_.Get(kFirst)->name(), kFirst);
}

}  // namespace
}  // namespace imprint::registry
