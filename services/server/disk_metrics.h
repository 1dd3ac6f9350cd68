// Metrics of the disk space that a service's data has and uses.
#pragma once

#include <filesystem>

#include "services/server/metrics.h"

namespace imprint {

// Exports imprint_disk_free_bytes and imprint_disk_size_bytes of the file system that holds the
// folder, and imprint_database_bytes of the database file with its log, all measured at each
// scrape.
void MeasureData(const std::filesystem::path& folder, const std::filesystem::path& database,
                 Metrics& metrics);

}  // namespace imprint
