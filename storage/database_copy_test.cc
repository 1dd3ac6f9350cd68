#include "storage/database_copy.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::vector<Migration> kSchema = {{1, {"create table t (v integer)"}}};

absl::Status Put(Database& database, int value) {
  return database.Write([&](soci::session& sql) -> absl::Status {
    sql << "insert into t (v) values (:v)", soci::use(value);
    return absl::OkStatus();
  });
}

int Count(Database& database) {
  int count = -1;
  EXPECT_THAT(database.Read([&](soci::session& sql) -> absl::Status {
    sql << "select count(*) from t", soci::into(count);
    return absl::OkStatus();
  }),
              Succeeds());
  return count;
}

TEST(DatabaseCopy, HasWhatIsOnlyInTheLogYetAndLeavesTheOriginalAlone) {
  ScratchFolder folder;
  const fs::path file = folder.path() / "x.db";
  ASSERT_OK_AND_ASSIGN(const auto original, Database::OpenSqlite(file, kSchema));
  ASSERT_THAT(Put(*original, 1), Succeeds());
  ASSERT_TRUE(fs::exists(file.string() + "-wal"));

  // As a backup has it, on a medium that cannot be written to.
  const fs::path backup = folder.path() / "backup";
  fs::create_directory(backup);
  fs::copy_file(file, backup / "x.db");
  fs::copy_file(file.string() + "-wal", backup / "x.db-wal");
  fs::permissions(backup / "x.db", fs::perms::owner_read);
  fs::permissions(backup / "x.db-wal", fs::perms::owner_read);
  fs::permissions(backup, fs::perms::owner_read | fs::perms::owner_exec);
  {
    ASSERT_OK_AND_ASSIGN(const auto copy, DatabaseCopy::Make(backup / "x.db", kSchema));
    EXPECT_EQ(Count(copy->database()), 1);
    EXPECT_THAT(Put(copy->database(), 2), Succeeds());
  }
  EXPECT_EQ(Count(*original), 1);
  fs::permissions(backup, fs::perms::owner_all);
  EXPECT_EQ(std::distance(fs::directory_iterator(backup), fs::directory_iterator()), 2);
}

TEST(DatabaseCopy, LeavesNothingBehind) {
  ScratchFolder folder;
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", folder.path().c_str(), 1);
  fs::create_directory(folder.path() / "data");
  ASSERT_THAT(Database::OpenSqlite(folder.path() / "data" / "x.db", kSchema), Succeeds());
  ASSERT_THAT(DatabaseCopy::Make(folder.path() / "data" / "x.db", kSchema), Succeeds());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  if (before == nullptr) {
    unsetenv("TMPDIR");
  } else {
    setenv("TMPDIR", kept.c_str(), 1);
  }
}

TEST(DatabaseCopy, OfNothingIsAnError) {
  ScratchFolder folder;
  EXPECT_THAT(DatabaseCopy::Make(folder.path() / "x.db", kSchema),
              Fails(absl::StatusCode::kNotFound, HasSubstr("x.db")));
}

}  // namespace
}  // namespace imprint
