#include "services/registry/registry_check.h"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <imprint/v1/registry.pb.h>

#include "base/field_error.h"
#include "base/status_macros.h"
#include "rpc/proto_json.h"
#include "services/registry/housekeeping.h"
#include "services/registry/registry_schema.h"
#include "storage/database_copy.h"
#include "storage/folder_blob_store.h"
#include "storage/folder_lock.h"
#include "storage/record_check.h"

namespace imprint::registry {
namespace {

namespace fs = std::filesystem;

// The most owners that are named of one blob. What draws on it can be read from their records.
constexpr int kMostOwners = 5;

struct RecordTable {
  const char* query;  // the resource's name, and its body
  bool (*reads)(const std::string& body);
};

constexpr RecordTable kRecords[] = {
    {"select 'baseModels/' || id, body from base_models", IsJsonOf<v1::BaseModel>},
    {"select 'referenceSets/' || id, body from reference_sets", IsJsonOf<v1::ReferenceSet>},
    {"select 'concepts/' || id, body from concepts", IsJsonOf<v1::Concept>},
    {"select 'concepts/' || concept || '/embeddings/' || version, body from embeddings",
     IsJsonOf<v1::Embedding>},
    {"select 'imageSets/' || id, body from image_sets", IsJsonOf<v1::ImageSet>},
    {"select 'imageSets/' || s.id || '/items/' || i.item_index, i.body from items i"
     " join image_sets s on s.number = i.image_set",
     IsJsonOf<v1::Item>},
};

constexpr const char* kOwners =
    "select 'referenceSets/' || s.id as owner from reference_pictures p"
    " join reference_sets s on s.number = p.reference_set where p.sha256 = :h"
    " union select 'concepts/' || concept || '/embeddings/' || version from embeddings"
    " where sha256 = :h"
    " union select 'imageSets/' || s.id || '/items/' || i.item_index from items i"
    " join image_sets s on s.number = i.image_set where i.sha256 = :h order by 1 limit :most";

absl::StatusOr<std::vector<std::string>> OwnersOf(Database& database, const std::string& sha256) {
  return database.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<std::string>> {
    std::vector<std::string> owners;
    std::string owner;
    soci::statement rows = (sql.prepare << kOwners, soci::use(sha256, "h"),
                            soci::use(kMostOwners, "most"), soci::into(owner));
    rows.execute();
    while (rows.fetch()) owners.push_back(owner);
    return owners;
  });
}

// Reads each blob and holds its bytes against its name.
absl::Status CheckBlobs(const std::set<std::string>& names, Database& database, BlobStore& blobs,
                        FolderReport& report) {
  for (const std::string& sha256 : names) {
    const absl::Status read = blobs.Get(sha256, SIZE_MAX).status();
    if (read.ok()) {
      ++report.good_blobs;
      continue;
    }
    FolderReport::Blob blob = {.sha256 = sha256};
    if (report.database.empty()) {
      ASSIGN_OR_RETURN(blob.belongs_to, OwnersOf(database, sha256));
    }
    (absl::IsNotFound(read) ? report.missing : report.damaged).push_back(std::move(blob));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FolderReport> CheckStorage(Database& database, BlobStore& blobs) {
  FolderReport report = {.service = "registry"};
  ASSIGN_OR_RETURN(report.database, database.FindFaults());
  ASSIGN_OR_RETURN(const std::vector<std::string> there, blobs.List());
  if (!report.database.empty()) {
    RETURN_IF_ERROR(CheckBlobs({there.begin(), there.end()}, database, blobs, report));
    return report;
  }
  for (const RecordTable& table : kRecords) {
    RETURN_IF_ERROR(CheckRecords(database, table.query, table.reads, report));
  }
  ASSIGN_OR_RETURN(const std::set<std::string> named, NamedBlobs(database));
  RETURN_IF_ERROR(CheckBlobs(named, database, blobs, report));
  for (const std::string& sha256 : there) {
    if (!named.contains(sha256)) report.orphans.push_back(sha256);
  }
  return report;
}

absl::StatusOr<FolderReport> CheckRegistryFolder(const fs::path& data) {
  std::error_code ignored;
  if (!fs::exists(data / "registry.db", ignored)) {
    return absl::NotFoundError(absl::StrCat("data: ", data.string(), " has no registry.db"));
  }
  RETURN_IF_ERROR(InContext("data", LockFolderToLook(data / "registry.lock")));
  ASSIGN_OR_RETURN(const auto copy, DatabaseCopy::Make(data / "registry.db", RegistryMigrations()));
  const auto blobs = OpenBlobFolderToLook(data / "blobs");
  return CheckStorage(copy->database(), *blobs);
}

}  // namespace imprint::registry
