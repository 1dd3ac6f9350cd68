#include "storage/record_check.h"

namespace imprint {

absl::Status CheckRecords(Database& database, const std::string& query,
                          const std::function<bool(const std::string& body)>& readable,
                          FolderReport& report) {
  return database.Read([&](soci::session& sql) -> absl::Status {
    std::string name;
    std::string body;
    soci::statement rows = (sql.prepare << query, soci::into(name), soci::into(body));
    rows.execute();
    while (rows.fetch()) {
      if (readable(body)) {
        ++report.good_records;
      } else {
        report.records.push_back(name);
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace imprint
