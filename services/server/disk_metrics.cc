#include "services/server/disk_metrics.h"

#include <system_error>

namespace imprint {
namespace {

namespace fs = std::filesystem;

double BytesOf(const fs::path& file) {
  std::error_code error;
  const auto bytes = fs::file_size(file, error);
  return error ? 0 : static_cast<double>(bytes);
}

}  // namespace

void MeasureData(const fs::path& folder, const fs::path& database, Metrics& metrics) {
  prometheus::Gauge& free = metrics.Gauge("imprint_disk_free_bytes",
                                          "Room on the file system that holds the service's data.");
  prometheus::Gauge& size = metrics.Gauge("imprint_disk_size_bytes",
                                          "Size of the file system that holds the service's data.");
  prometheus::Gauge& used =
      metrics.Gauge("imprint_database_bytes", "Size of the service's database, with its log.");
  metrics.BeforeScrape([folder, database, &free, &size, &used] {
    std::error_code error;
    const fs::space_info space = fs::space(folder, error);
    if (!error) {
      free.Set(static_cast<double>(space.available));
      size.Set(static_cast<double>(space.capacity));
    }
    used.Set(BytesOf(database) + BytesOf(database.string() + "-wal"));
  });
}

}  // namespace imprint
