#include "gateway/jobs/job_check.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "gateway/jobs/job_schema.h"
#include "storage/database.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class JobCheck : public ::testing::Test {
 protected:
  void Execute(const std::string& statement) {
    ASSERT_OK_AND_ASSIGN(const auto database, Database::OpenSqlite(file_, JobMigrations()));
    ASSERT_THAT(database->Write([&](soci::session& sql) -> absl::Status {
      sql << statement;
      return absl::OkStatus();
    }),
                Succeeds());
  }

  ScratchFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "gateway.db";
};

TEST_F(JobCheck, EveryRecordIsRead) {
  Execute("insert into events (job, number, kind, body) values ('a', 1, 'state', '{}')");
  {
    ASSERT_OK_AND_ASSIGN(const FolderReport report, CheckGatewayFolder(folder_.path()));
    EXPECT_TRUE(report.Clean());
    EXPECT_EQ(report.good_records, 1);
  }
  Execute("insert into events (job, number, kind, body) values ('a', 2, 'state', '{]')");
  ASSERT_OK_AND_ASSIGN(const FolderReport report, CheckGatewayFolder(folder_.path()));
  EXPECT_FALSE(report.Clean());
  EXPECT_THAT(report.records, ElementsAre("jobs/a (event 2)"));
}

TEST_F(JobCheck, ADamagedFileIsSaid) {
  for (int i = 0; i < 3; ++i) {
    Execute("insert into results (job, body) values ('" + std::to_string(i) + "', '" +
            std::string(5000, 'a') + "')");
  }
  folder_.Write("gateway.db", FileContent(file_).substr(0, 40'000) + std::string(50'000, 'x'));
  ASSERT_OK_AND_ASSIGN(const FolderReport report, CheckGatewayFolder(folder_.path()));
  EXPECT_FALSE(report.Clean());
  EXPECT_THAT(report.database, Not(IsEmpty()));
}

TEST_F(JobCheck, AFolderOfNoGatewayIsNamed) {
  EXPECT_THAT(CheckGatewayFolder(folder_.path()),
              Fails(absl::StatusCode::kNotFound, HasSubstr("gateway.db")));
}

}  // namespace
}  // namespace imprint::gateway
