#include "services/registry/embeddings.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Parts = std::vector<std::string>;

using EmbeddingsTest = RegistryFixture;

TEST_F(EmbeddingsTest, EachJobsResultIsOneVersion) {
  ASSERT_OK_AND_ASSIGN(const v1::Embedding first,
                       embeddings_.Commit(Trained("jobs/a"), committed_));
  EXPECT_TRUE(committed_);
  committed_ = false;
  ASSERT_OK_AND_ASSIGN(const v1::Embedding again,
                       embeddings_.Commit(Trained("jobs/a"), committed_));
  EXPECT_FALSE(committed_);
  ASSERT_OK_AND_ASSIGN(const v1::Embedding second,
                       embeddings_.Commit(Trained("jobs/b"), committed_));
  EXPECT_EQ(first.name(), "concepts/rex/embeddings/1");
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(second.name(), "concepts/rex/embeddings/2");
  EXPECT_EQ(embeddings_.Get("concepts/rex")->name(), second.name());
  EXPECT_EQ(first.lineage().text_encoder_identity(), model_.text_encoder_identity());
  EXPECT_EQ(embeddings_.Content(first)->text(), Trained("jobs/a").content());
}

TEST_F(EmbeddingsTest, AConceptKeepsItsToken) {
  ASSERT_THAT(embeddings_.Commit(Trained("jobs/a"), committed_), Succeeds());
  v1::CommitEmbeddingRequest other = Trained("jobs/b");
  other.mutable_spec()->set_token("<max>");
  other.set_content(EmbeddingFile("<max>", model_.embedding_width()));
  EXPECT_THAT(embeddings_.Commit(other, committed_),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("\"<rex>\"")));
  EXPECT_EQ(embeddings_.Get("concepts/rex")->name(), "concepts/rex/embeddings/1");
}

TEST_F(EmbeddingsTest, AFileThatIsNoneIsRefused) {
  v1::CommitEmbeddingRequest bad = Trained("jobs/a");
  bad.set_content("pickle");
  EXPECT_THAT(embeddings_.Commit(bad, committed_), RefusesNaming(Parts{"content"}));
  bad.set_content(EmbeddingFile("<rex>", model_.embedding_width() + 1));
  EXPECT_THAT(embeddings_.Commit(bad, committed_),
              RefusesNaming(Parts{"content", "baseModels/demo"}));
  bad.set_content(EmbeddingFile("<max>", model_.embedding_width()));
  EXPECT_THAT(embeddings_.Commit(bad, committed_), RefusesNaming(Parts{"\"<max>\"", "\"<rex>\""}));
}

TEST_F(EmbeddingsTest, AnAliasPointsAndIsPointedElsewhereUnderItsEtag) {
  ASSERT_THAT(embeddings_.Commit(Trained("jobs/a"), committed_), Succeeds());
  ASSERT_THAT(embeddings_.Commit(Trained("jobs/b"), committed_), Succeeds());
  v1::Alias alias;
  alias.set_name("concepts/rex/aliases/approved");
  alias.set_embedding("concepts/rex/embeddings/1");
  ASSERT_OK_AND_ASSIGN(const v1::Alias made, concepts_.SetAlias(alias));
  EXPECT_EQ(embeddings_.Get(alias.name())->name(), "concepts/rex/embeddings/1");
  alias.set_embedding("concepts/rex/embeddings/2");
  alias.set_etag("7");
  EXPECT_THAT(concepts_.SetAlias(alias), Fails(absl::StatusCode::kAborted, HasSubstr("etag")));
  alias.set_etag(made.etag());
  ASSERT_THAT(concepts_.SetAlias(alias), Succeeds());
  EXPECT_EQ(embeddings_.Get(alias.name())->name(), "concepts/rex/embeddings/2");
  alias.set_embedding("concepts/rex/embeddings/9");
  alias.clear_etag();
  EXPECT_THAT(concepts_.SetAlias(alias),
              Fails(absl::StatusCode::kNotFound, HasSubstr("embeddings/9")));
}

TEST_F(EmbeddingsTest, AnImportIsAVersionUnderItsRights) {
  v1::ImportEmbeddingRequest request;
  request.set_parent("concepts/max");
  request.set_content(EmbeddingFile("<file>", 768));
  request.set_token("<max>");
  request.set_class_word("cat");
  request.set_request_id("r");
  EXPECT_THAT(embeddings_.Import(request), RefusesNaming(Parts{"rights.creator"}));
  *request.mutable_rights() = Header("x").rights();
  ASSERT_OK_AND_ASSIGN(const v1::Embedding imported, embeddings_.Import(request));
  ASSERT_OK_AND_ASSIGN(const v1::Embedding again, embeddings_.Import(request));
  EXPECT_EQ(again.name(), imported.name());
  ASSERT_OK_AND_ASSIGN(const Blob content, embeddings_.Content(imported));
  EXPECT_EQ(ParseLearnedEmbedding(content.text(), "x")->token, "<max>");
  request.set_class_word("dog");
  EXPECT_THAT(embeddings_.Import(request),
              Fails(absl::StatusCode::kAlreadyExists, HasSubstr("request_id")));
}

TEST_F(EmbeddingsTest, OtherToolsFilesAreKeptAsOurs) {
  const std::vector<float> values = {1, 2};
  const std::string kohya = SerializeSafetensors(
      {{"emb_params", {DType::kF32, {1, 2}, std::as_bytes(std::span(values))}}}, {});
  v1::ImportEmbeddingRequest request;
  request.set_parent("concepts/max");
  request.set_content(kohya);
  request.set_class_word("cat");
  *request.mutable_rights() = Header("x").rights();
  EXPECT_THAT(embeddings_.Import(request), RefusesNaming(Parts{"content: token: got none"}));
  request.set_file_name("maxi-cat.safetensors");
  ASSERT_OK_AND_ASSIGN(const v1::Embedding imported, embeddings_.Import(request));
  EXPECT_EQ(imported.token(), "maxi-cat");
  EXPECT_EQ(imported.lineage().imported_from(), "maxi-cat.safetensors");
  ASSERT_OK_AND_ASSIGN(const Blob content, embeddings_.Content(imported));
  EXPECT_EQ(content.text(), SerializeLearnedEmbedding(
                                {.token = "maxi-cat", .vectors = 1, .width = 2, .values = values}));
}

TEST_F(EmbeddingsTest, AFileOfOursIsKeptToTheBit) {
  v1::ImportEmbeddingRequest request;
  request.set_parent("concepts/max");
  request.set_content(SerializeLearnedEmbedding({.token = "<max>",
                                                 .vectors = 1,
                                                 .width = 2,
                                                 .values = {1, 2},
                                                 .provenance = {{"imprint.class_word", "cat"}}}));
  *request.mutable_rights() = Header("x").rights();
  ASSERT_OK_AND_ASSIGN(const v1::Embedding imported, embeddings_.Import(request));
  EXPECT_EQ(embeddings_.Content(imported)->text(), request.content());
}

TEST_F(EmbeddingsTest, AnImportMustBeWhatATrainingCouldGive) {
  const auto import = [&](const std::string& token, const std::string& class_word, float value) {
    v1::ImportEmbeddingRequest request;
    request.set_parent("concepts/max");
    request.set_content(SerializeLearnedEmbedding(
        {.token = "<file>", .vectors = 1, .width = 2, .values = {1, value}}));
    request.set_token(token);
    request.set_class_word(class_word);
    *request.mutable_rights() = Header("x").rights();
    return embeddings_.Import(request).status();
  };
  EXPECT_THAT(import("a", "cat", 2), RefusesNaming(Parts{"token: got \"a\"", "vocabulary"}));
  EXPECT_THAT(import("<m\x01x>", "cat", 2), RefusesNaming(Parts{"token: got"}));
  EXPECT_THAT(import("<max>", "c\x1b[2Jat", 2), RefusesNaming(Parts{"class_word: got"}));
  EXPECT_THAT(import("<max>", "cat", 1e30F), RefusesNaming(Parts{"content: got", "1e+30"}));
  EXPECT_THAT(import("<max>", "cat", std::numeric_limits<float>::infinity()),
              RefusesNaming(Parts{"content: ", "inf"}));
  EXPECT_THAT(import("<max>", "cat", 2), Succeeds());
}

TEST_F(EmbeddingsTest, ListsNewestFirstInPages) {
  for (const std::string& job : Parts{"jobs/a", "jobs/b", "jobs/c"}) {
    ASSERT_THAT(embeddings_.Commit(Trained(job), committed_), Succeeds());
  }
  std::string next;
  ASSERT_OK_AND_ASSIGN(const auto first, embeddings_.List("concepts/-", false, {.size = 2}, next));
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].name(), "concepts/rex/embeddings/3");
  std::string end;
  ASSERT_OK_AND_ASSIGN(const auto rest,
                       embeddings_.List("concepts/rex", false, {.size = 2, .after = next}, end));
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].name(), "concepts/rex/embeddings/1");
  EXPECT_THAT(end, IsEmpty());
}

}  // namespace
}  // namespace imprint::registry
