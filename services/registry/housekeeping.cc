#include "services/registry/housekeeping.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "services/registry/registry_schema.h"

namespace imprint::registry {
namespace {

// Uploads that died leave few orphans; a database that was restored from an old backup leaves many.
constexpr size_t kFewOrphans = 100;
constexpr size_t kOrphanShare = 10;

}  // namespace

absl::StatusOr<std::set<std::string>> NamedBlobs(Database& database) {
  return database.Read([&](soci::session& sql) -> absl::StatusOr<std::set<std::string>> {
    std::set<std::string> named;
    std::string sha256;
    soci::statement rows = (sql.prepare << kBlobNames, soci::into(sha256));
    rows.execute();
    while (rows.fetch()) named.insert(sha256);
    return named;
  });
}

absl::StatusOr<Orphans> RemoveOrphans(Database& database, BlobStore& blobs) {
  ASSIGN_OR_RETURN(const std::set<std::string> named, NamedBlobs(database));
  ASSIGN_OR_RETURN(std::vector<std::string> nobodys, blobs.List());
  const size_t all = nobodys.size();
  std::erase_if(nobodys, [&](const std::string& sha256) { return named.contains(sha256); });
  const size_t count = nobodys.size();
  if (count > kFewOrphans && count > all / kOrphanShare) {
    return Orphans{.kept = static_cast<int>(count)};
  }
  for (const std::string& sha256 : nobodys) RETURN_IF_ERROR(blobs.Delete(sha256));
  return Orphans{.removed = static_cast<int>(count)};
}

}  // namespace imprint::registry
