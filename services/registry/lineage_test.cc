#include "services/registry/lineage.h"

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_macros.h"
#include "rpc/proto_json.h"
#include "rpc/status.h"
#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Parts = std::vector<std::string>;

class LineageTest : public RegistryFixture {
 protected:
  LineageTest() {
    for (const char* job : {"jobs/a", "jobs/b"}) {
      v1::CommitEmbeddingRequest request = Trained(job);
      (*request.mutable_labels())["book"] = "7";
      EXPECT_TRUE(embeddings_.Commit(request, committed_).ok());
    }
  }

  v1::ImageSet DrawnWith(const std::string& job, const std::string& embedding) {
    v1::CreateImageSetRequest request = SetOf(job, 2);
    request.mutable_spec()->add_embeddings(embedding);
    (*request.mutable_labels())["book"] = "7";
    auto set = image_sets_.Create(request);
    EXPECT_TRUE(set.ok()) << set.status();
    return *std::move(set);
  }

  absl::StatusOr<v1::Embedding> Block(const std::string& name, const std::string& etag = "") {
    v1::BlockEmbeddingRequest request;
    request.set_name(name);
    request.set_reason("no consent");
    request.set_etag(etag);
    return embeddings_.Block(request);
  }

  absl::StatusOr<v1::DeleteEmbeddingResponse> Delete(const std::string& name) {
    v1::DeleteEmbeddingRequest request;
    request.set_name(name);
    request.set_reason("asked by the artist");
    return embeddings_.Delete(request);
  }

  static constexpr const char* kFirst = "concepts/rex/embeddings/1";
  static constexpr const char* kSecond = "concepts/rex/embeddings/2";
};

TEST_F(LineageTest, RightsOutliveThePictures) {
  const v1::ImageSet set = DrawnWith("jobs/draw", kSecond);
  ASSERT_OK_AND_ASSIGN(const auto stays, references_.Delete("referenceSets/photos"));
  EXPECT_THAT(stays.embeddings(), ElementsAre(kFirst, kSecond));
  EXPECT_THAT(stays.image_sets(), ElementsAre(set.name()));
  ASSERT_OK_AND_ASSIGN(const v1::Embedding kept, embeddings_.Get(kFirst));
  EXPECT_EQ(kept.lineage().reference_rights().creator(), "Ada");
  EXPECT_EQ(kept.lineage().reference_rights().licence(), "CC-BY-4.0");
  EXPECT_EQ(kept.lineage().reference_set(), "referenceSets/photos");
}

TEST_F(LineageTest, AnotherSetOfThatIdIsNotWhatAVersionWasTaughtFrom) {
  ASSERT_THAT(references_.Delete("referenceSets/photos"), Succeeds());
  ReferenceSets::Header other = Header("photos");
  other.mutable_rights()->set_creator("Bert");
  ASSERT_THAT(Upload(other, {Png(50), Png(51)}), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto stays, references_.Delete("referenceSets/photos"));
  EXPECT_THAT(stays.embeddings(), IsEmpty());
  EXPECT_EQ(embeddings_.Get(kFirst)->lineage().reference_rights().creator(), "Ada");
}

TEST_F(LineageTest, RightsOfBeforeTheyWerePartOfItAreKeptWhenThePicturesGo) {
  ASSERT_OK_AND_ASSIGN(v1::Embedding old, embeddings_.Get(kFirst));
  old.mutable_lineage()->clear_reference_rights();
  ASSERT_THAT(database_->Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string body, ToJsonText(old));
    sql << "update embeddings set body = :b where version = 1", soci::use(body);
    return absl::OkStatus();
  }),
              Succeeds());
  ASSERT_FALSE(embeddings_.Get(kFirst)->lineage().has_reference_rights());
  ASSERT_THAT(references_.Delete("referenceSets/photos"), Succeeds());
  EXPECT_EQ(embeddings_.Get(kFirst)->lineage().reference_rights().creator(), "Ada");
}

TEST_F(LineageTest, AResultWhosePicturesAreGoneHasNoRights) {
  v1::CommitEmbeddingRequest late = Trained("jobs/late");
  ASSERT_THAT(references_.Delete("referenceSets/photos"), Succeeds());
  EXPECT_THAT(embeddings_.Commit(late, committed_),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("referenceSets/photos")));
}

TEST_F(LineageTest, ABlockedVersionIsUsedByNobody) {
  const v1::ImageSet set = DrawnWith("jobs/draw", kSecond);
  ASSERT_OK_AND_ASSIGN(const std::string ticket, Ticket("jobs/draw", 1, set.name()));
  ASSERT_THAT(Draw(ticket, 0, Png(1)), Succeeds());
  ASSERT_OK_AND_ASSIGN(const v1::Embedding blocked, Block(kSecond));
  EXPECT_EQ(blocked.state(), v1::EMBEDDING_STATE_BLOCKED);
  EXPECT_EQ(blocked.state_reason(), "no consent");

  const auto refused = [](const auto& result) {
    EXPECT_THAT(result, Fails(absl::StatusCode::kFailedPrecondition,
                              HasSubstr("concepts/rex/embeddings/2 is blocked: no consent")));
    EXPECT_EQ(ReasonOf(result.status()), "EMBEDDING_BLOCKED");
  };
  EXPECT_THAT(Draw(ticket, 1, Png(2)), Fails(absl::StatusCode::kPermissionDenied, HasSubstr("")))
      << "what is being drawn with it ends";
  refused(Ticket("jobs/draw", 2, set.name()));
  refused(embeddings_.Content(blocked));
  v1::CreateImageSetRequest another = SetOf("jobs/another", 1);
  another.mutable_spec()->add_embeddings("concepts/rex");
  refused(image_sets_.Create(another));
  v1::Alias alias;
  alias.set_name("concepts/rex/aliases/approved");
  alias.set_embedding(kSecond);
  EXPECT_THAT(concepts_.SetAlias(alias),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("alias.embedding: ")));

  v1::UnblockEmbeddingRequest unblock;
  unblock.set_name(kSecond);
  unblock.set_etag("1");
  EXPECT_THAT(embeddings_.Unblock(unblock), Fails(absl::StatusCode::kAborted, HasSubstr("etag")));
  unblock.set_etag(blocked.etag());
  ASSERT_THAT(embeddings_.Unblock(unblock), Succeeds());
  EXPECT_THAT(Ticket("jobs/draw", 3, set.name()), Succeeds());
  EXPECT_THAT(concepts_.SetAlias(alias), Succeeds());
}

TEST_F(LineageTest, AVersionIsBlockedByItsOwnNameAndForAReason) {
  EXPECT_THAT(Block("concepts/rex"), RefusesNaming(Parts{"name: got", "a version"}));
  v1::BlockEmbeddingRequest request;
  request.set_name(kFirst);
  EXPECT_THAT(embeddings_.Block(request), RefusesNaming(Parts{"reason: got none"}));
}

TEST_F(LineageTest, ADeletedVersionLeavesItsLineageAndNoFile) {
  const v1::ImageSet set = DrawnWith("jobs/draw", kSecond);
  v1::Alias alias;
  alias.set_name("concepts/rex/aliases/approved");
  alias.set_embedding(kSecond);
  ASSERT_THAT(concepts_.SetAlias(alias), Succeeds());
  // Of other numbers, so that it has a file of its own.
  v1::CommitEmbeddingRequest own = Trained("jobs/own");
  own.set_content(SerializeLearnedEmbedding(
      {.token = "<rex>",
       .vectors = 1,
       .width = model_.embedding_width(),
       .values = std::vector<float>(static_cast<size_t>(model_.embedding_width()), 2)}));
  ASSERT_OK_AND_ASSIGN(const v1::Embedding third, embeddings_.Commit(own, committed_));
  ASSERT_THAT(Delete(third.name()), Succeeds());
  EXPECT_THAT(*blobs_->List(), Not(Contains(third.sha256())));
  EXPECT_EQ(embeddings_.Get("concepts/rex")->name(), kSecond) << "the newest that there is";
  EXPECT_EQ(concepts_.Get("concepts/rex")->newest_embedding(), kSecond);

  ASSERT_OK_AND_ASSIGN(const auto deleted, Delete(kSecond));
  EXPECT_THAT(deleted.image_sets(), ElementsAre(set.name()));
  EXPECT_EQ(deleted.embedding().state(), v1::EMBEDDING_STATE_DELETED);
  ASSERT_THAT(Delete(kSecond), Succeeds()) << "twice is once";
  EXPECT_THAT(Block(kSecond), Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("deleted")));
  EXPECT_EQ(embeddings_.Get(kSecond)->lineage().reference_rights().creator(), "Ada");
  EXPECT_EQ(embeddings_.Get(alias.name())->state(), v1::EMBEDDING_STATE_DELETED);

  std::string next;
  const auto names = [&](bool show_deleted) {
    std::vector<std::string> listed;
    const auto embeddings = embeddings_.List("concepts/rex", show_deleted, {}, next);
    EXPECT_THAT(embeddings, Succeeds());
    for (const v1::Embedding& each : embeddings.value()) listed.push_back(each.name());
    return listed;
  };
  EXPECT_THAT(names(false), ElementsAre(kFirst));
  EXPECT_THAT(names(true), ElementsAre(third.name(), kSecond, kFirst));
  ASSERT_OK_AND_ASSIGN(const v1::Embedding fourth,
                       embeddings_.Commit(Trained("jobs/d"), committed_));
  EXPECT_EQ(fourth.name(), "concepts/rex/embeddings/4") << "numbers are not used again";
  // The first has the same file: it stays while somebody needs it.
  EXPECT_THAT(embeddings_.Content(*embeddings_.Get(kFirst)), Succeeds());
}

TEST_F(LineageTest, LabelsReachWhatAJobMakes) {
  EXPECT_EQ(embeddings_.Get(kFirst)->labels().at("book"), "7");
  const v1::ImageSet set = DrawnWith("jobs/draw", kFirst);
  EXPECT_EQ(image_sets_.Get(set.name())->labels().at("book"), "7");
}

TEST_F(LineageTest, WhatIsLostIsDataLossThatNamesItsOwner) {
  ASSERT_OK_AND_ASSIGN(const v1::Embedding embedding, embeddings_.Get(kFirst));
  ASSERT_THAT(blobs_->Delete(embedding.sha256()), Succeeds());
  EXPECT_THAT(embeddings_.Content(embedding),
              Fails(absl::StatusCode::kDataLoss, HasSubstr(embedding.name())));
  ASSERT_OK_AND_ASSIGN(const v1::ReferenceSet photos, references_.Get("referenceSets/photos"));
  ASSERT_THAT(blobs_->Delete(photos.pictures(1).sha256()), Succeeds());
  EXPECT_THAT(references_.Original(photos, 1),
              Fails(absl::StatusCode::kDataLoss, HasSubstr("referenceSets/photos: picture 2")));
}

// What stems from what in databases of before that was noted.
TEST(LineageMigration, IsFoundInTheRecords) {
  ScratchFolder folder;
  const std::vector<Migration> first = {RegistryMigrations().front()};
  {
    ASSERT_OK_AND_ASSIGN(const auto old, Database::OpenSqlite(folder.path() / "r.db", first));
    ASSERT_THAT(old->Write([](soci::session& sql) -> absl::Status {
      sql << "insert into reference_sets (tenant, id, request_id, payload_sha256, body)"
             " values ('default', 'pip', '', '', '{\"createTime\":\"2026-01-01T00:00:00Z\"}')";
      sql << "insert into reference_sets (tenant, id, request_id, payload_sha256, body)"
             " values ('default', 'pip-2', '', '', '{\"createTime\":\"2026-01-01T00:00:00Z\"}')";
      // Another of that id came later.
      sql << "insert into reference_sets (tenant, id, request_id, payload_sha256, body)"
             " values ('default', 'pip-3', '', '', '{\"createTime\":\"2026-03-01T00:00:00Z\"}')";
      for (const auto& [set, version] : {std::pair("pip", 1), {"pip-2", 11}, {"pip-3", 12}}) {
        const std::string body = absl::StrCat(R"({"lineage":{"referenceSet":"referenceSets/)", set,
                                              R"("},"createTime":"2026-02-01T00:00:00Z"})");
        sql << "insert into embeddings (tenant, concept, version, origin, payload_sha256, sha256,"
               " body) values ('default', 'pip', :v, '', '', '', :b)",
            soci::use(version), soci::use(body);
      }
      const std::string body = R"({"spec":{"embeddings":["concepts/pip/embeddings/11"]}})";
      sql << "insert into image_sets (tenant, id, job, state, items_total, body)"
             " values ('default', 's', 'jobs/s', 1, 1, :b)",
          soci::use(body);
      return absl::OkStatus();
    }),
                Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const auto database,
                       Database::OpenSqlite(folder.path() / "r.db", RegistryMigrations()));
  ASSERT_THAT(database->Read([](soci::session& sql) -> absl::Status {
    EXPECT_THAT(EmbeddingsOf(sql, "pip"), ElementsAre("concepts/pip/embeddings/1"));
    EXPECT_THAT(EmbeddingsOf(sql, "pip-2"), ElementsAre("concepts/pip/embeddings/11"));
    EXPECT_THAT(EmbeddingsOf(sql, "pip-3"), IsEmpty());
    EXPECT_THAT(ImageSetsOf(sql, "pip"), IsEmpty());
    EXPECT_THAT(ImageSetsOf(sql, "pip-2"), ElementsAre("imageSets/s"));
    return absl::OkStatus();
  }),
              Succeeds());
}

}  // namespace
}  // namespace imprint::registry
