#include "storage/database.h"

namespace imprint {

absl::Status Database::Check() {
  return Read([](soci::session& sql) -> absl::Status {
    int version = 0;
    sql << "select coalesce(max(version), 0) from schema_version", soci::into(version);
    return absl::OkStatus();
  });
}

}  // namespace imprint
