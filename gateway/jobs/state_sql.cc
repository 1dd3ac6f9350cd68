#include "gateway/jobs/state_sql.h"

#include <initializer_list>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include <imprint/v1/job.pb.h>

#include "gateway/jobs/chunk_row.h"

namespace imprint::gateway {
namespace {

std::string Numbers(std::initializer_list<int> states) { return absl::StrJoin(states, ", "); }

}  // namespace

std::string WithStates(absl::string_view statement) {
  static const std::vector<std::pair<std::string, std::string>> names = {
      {"{job_running}", Numbers({v1::JOB_STATE_RUNNING})},
      {"{to_run}", Numbers({v1::JOB_STATE_PENDING, v1::JOB_STATE_RUNNING})},
      {"{to_end}", Numbers({v1::JOB_STATE_FINALIZING, v1::JOB_STATE_CANCELLING})},
      {"{may_succeed}",
       Numbers({v1::JOB_STATE_PENDING, v1::JOB_STATE_RUNNING, v1::JOB_STATE_FINALIZING})},
      {"{live}", Numbers({v1::JOB_STATE_PENDING, v1::JOB_STATE_RUNNING, v1::JOB_STATE_FINALIZING,
                          v1::JOB_STATE_CANCELLING})},
      {"{chunk_waiting}", Numbers({kChunkWaiting})},
      {"{chunk_running}", Numbers({kChunkRunning})},
  };
  return absl::StrReplaceAll(statement, names);
}

}  // namespace imprint::gateway
