// Checks whether the records of a database can be read.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

#include "storage/database.h"
#include "storage/folder_report.h"

namespace imprint {

// Reads every row that `query` gives, a resource's name and its body, and notes in `report` how
// many bodies `readable` takes and the names of those that it does not.
absl::Status CheckRecords(Database& database, const std::string& query,
                          const std::function<bool(const std::string& body)>& readable,
                          FolderReport& report);

}  // namespace imprint
