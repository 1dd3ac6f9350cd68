// A copy of a database for those who only read it: its files are only read, so that they may be on
// a read-only medium.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/database.h"

namespace imprint {

// Thread-safe.
class DatabaseCopy {
 public:
  // Copies the file and its log into a private folder below $TMPDIR and opens the copy as
  // Database::OpenSqlite does. Nothing may write to the original meanwhile. NOT_FOUND if there is
  // no file; RESOURCE_EXHAUSTED if there is no room for it; errors name the path.
  static absl::StatusOr<std::unique_ptr<DatabaseCopy>> Make(
      const std::filesystem::path& file, const std::vector<Migration>& migrations);
  ~DatabaseCopy();
  DatabaseCopy(const DatabaseCopy&) = delete;
  DatabaseCopy& operator=(const DatabaseCopy&) = delete;

  Database& database() { return *database_; }

 private:
  explicit DatabaseCopy(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
  std::unique_ptr<Database> database_;
};

}  // namespace imprint
