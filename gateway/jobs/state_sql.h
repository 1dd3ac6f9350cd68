// Lets SQL statements name states: Sql("select id from jobs where state in ({live})"). Private to
// gateway/jobs.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace imprint::gateway {

// Returns the statement with each name replaced by the numbers of the states that it stands for:
//   {job_running}    RUNNING
//   {to_run}         PENDING and RUNNING, whose work nodes may be given
//   {to_end}         FINALIZING and CANCELLING, which the Finisher brings to their end
//   {may_succeed}    PENDING, RUNNING and FINALIZING
//   {live}           all that have not ended
//   {chunk_waiting}, {chunk_running}
// These are numbers in the text rather than parameters, because the database uses a partial index
// (job_schema.cc) only where a condition reads as the index's does. Any other name stays as it is,
// and no database takes it. Thread-safe.
std::string WithStates(absl::string_view statement);

// Does the same for a statement in pieces.
template <typename... Pieces>
std::string Sql(const Pieces&... pieces) {
  return WithStates(absl::StrCat(pieces...));
}

}  // namespace imprint::gateway
