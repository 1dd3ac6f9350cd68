#include "services/registry/registry_check.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RegistryCheck : public RegistryFixture {
 protected:
  std::filesystem::path BlobPath(const std::string& file) const {
    const std::string sha256 = Sha256Hex(file);
    return folder_.path() / "blobs" / sha256.substr(0, 2) / sha256;
  }
};

TEST_F(RegistryCheck, LostAndDamagedBlobsAreNamedWithWhatTheyBelongTo) {
  ASSERT_THAT(Upload(Header("pip"), {Png(1), Png(2)}), Succeeds());
  ASSERT_THAT(Upload(Header("pop"), {Png(1)}), Succeeds());
  ASSERT_THAT(embeddings_.Commit(Trained("jobs/a"), committed_), Succeeds());
  {
    ASSERT_OK_AND_ASSIGN(const FolderReport report, CheckRegistryFolder(folder_.path()));
    EXPECT_TRUE(report.Clean()) << ToText(report);
    EXPECT_EQ(report.good_blobs, 5);
    EXPECT_EQ(report.good_records, 6) << "model, three sets, concept, embedding";
  }
  std::filesystem::remove(BlobPath(Png(1)));
  std::ofstream(BlobPath(EmbeddingFile("<rex>", model_.embedding_width()))) << "other bytes";
  ASSERT_THAT(blobs_->Put("nobody's"), Succeeds());

  ASSERT_OK_AND_ASSIGN(const FolderReport report, CheckRegistryFolder(folder_.path()));
  EXPECT_FALSE(report.Clean());
  ASSERT_EQ(report.missing.size(), 1U);
  EXPECT_THAT(report.missing[0].belongs_to, ElementsAre("referenceSets/pip", "referenceSets/pop"));
  ASSERT_EQ(report.damaged.size(), 1U);
  EXPECT_THAT(report.damaged[0].belongs_to, ElementsAre("concepts/rex/embeddings/1"));
  EXPECT_THAT(report.orphans, ElementsAre(Sha256Hex("nobody's")));
}

TEST_F(RegistryCheck, ARecordThatCannotBeReadIsNamed) {
  ASSERT_THAT(Upload(Header("pip"), {Png(1)}), Succeeds());
  ASSERT_THAT(database_->Write([&](soci::session& sql) -> absl::Status {
    sql << "update reference_sets set body = '{'";
    return absl::OkStatus();
  }),
              Succeeds());
  ASSERT_OK_AND_ASSIGN(const FolderReport report, CheckRegistryFolder(folder_.path()));
  EXPECT_THAT(report.records, ElementsAre("referenceSets/pip"));
}

TEST_F(RegistryCheck, OfADamagedDatabaseNothingElseIsBelieved) {
  ASSERT_THAT(Upload(Header("pip"), {Png(1)}), Succeeds());
  database_.reset();
  const std::filesystem::path file = folder_.path() / "registry.db";
  const std::string whole = FileContent(file);
  folder_.Write("registry.db", whole.substr(0, 8192) + std::string(whole.size() - 8192, 'x'));
  ASSERT_OK_AND_ASSIGN(const FolderReport report, CheckRegistryFolder(folder_.path()));
  EXPECT_THAT(report.database, Not(IsEmpty()));
  EXPECT_THAT(report.orphans, IsEmpty());
  EXPECT_EQ(report.good_blobs, 1);
}

TEST_F(RegistryCheck, AFolderOfNoRegistryIsNamed) {
  EXPECT_THAT(CheckRegistryFolder(folder_.path() / "blobs"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("registry.db")));
}

}  // namespace
}  // namespace imprint::registry
