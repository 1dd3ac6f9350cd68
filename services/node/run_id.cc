#include "services/node/run_id.h"

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"

namespace imprint::node {

absl::StatusOr<RunId> ParseRunId(const v1::RunKey& key) {
  RETURN_IF_ERROR(ParseResourceName("run.job", key.job(), "jobs/*").status());
  if (key.chunk() < 0) return FieldError("run.chunk", absl::StrCat(key.chunk()), "0 or more");
  if (key.attempt() < 1) return FieldError("run.attempt", absl::StrCat(key.attempt()), "1 or more");
  if (key.rank() < 0) return FieldError("run.rank", absl::StrCat(key.rank()), "0 or more");
  return RunId{
      .job = key.job(), .chunk = key.chunk(), .attempt = key.attempt(), .rank = key.rank()};
}

v1::RunKey ToProto(const RunId& id) {
  v1::RunKey key;
  key.set_job(id.job);
  key.set_chunk(id.chunk);
  key.set_attempt(id.attempt);
  key.set_rank(id.rank);
  return key;
}

std::string Describe(const RunId& id) {
  return absl::StrCat(id.job, id.chunk == 0 ? "" : absl::StrCat(" chunk ", id.chunk), " attempt ",
                      id.attempt, id.rank == 0 ? "" : absl::StrCat(" rank ", id.rank));
}

}  // namespace imprint::node
