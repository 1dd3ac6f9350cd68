#include "gateway/jobs/job_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include <imprint/v1/job.pb.h>
#include <imprint/v1/node.pb.h>

#include "base/field_error.h"
#include "base/status_macros.h"
#include "gateway/jobs/job_schema.h"
#include "rpc/proto_json.h"
#include "storage/database_copy.h"
#include "storage/folder_lock.h"
#include "storage/record_check.h"

namespace imprint::gateway {
namespace {

namespace fs = std::filesystem;

}  // namespace

absl::StatusOr<FolderReport> CheckGatewayFolder(const fs::path& data) {
  std::error_code ignored;
  if (!fs::exists(data / "gateway.db", ignored)) {
    return absl::NotFoundError(absl::StrCat("data: ", data.string(), " has no gateway.db"));
  }
  RETURN_IF_ERROR(InContext("data", LockFolderToLook(data / "gateway.lock")));
  ASSIGN_OR_RETURN(const auto copy, DatabaseCopy::Make(data / "gateway.db", JobMigrations()));
  Database& database = copy->database();
  FolderReport report = {.service = "gateway"};
  ASSIGN_OR_RETURN(report.database, database.FindFaults());
  if (!report.database.empty()) return report;
  RETURN_IF_ERROR(
      CheckRecords(database, "select 'jobs/' || id, job from jobs", IsJsonOf<v1::Job>, report));
  RETURN_IF_ERROR(CheckRecords(database, "select 'jobs/' || id || ' (spec)', spec from jobs",
                               IsJsonOf<v1::Job>, report));
  RETURN_IF_ERROR(CheckRecords(database, "select 'jobs/' || id || ' (model)', model from jobs",
                               IsJsonOf<v1::ModelLocation>, report));
  RETURN_IF_ERROR(CheckRecords(
      database, "select 'jobs/' || job || ' (event ' || number || ')', body from events",
      IsJsonOf<v1::JobEvent>, report));
  return report;
}

}  // namespace imprint::gateway
