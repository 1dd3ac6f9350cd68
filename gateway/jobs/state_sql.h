// States in statements, by name: Sql("select id from jobs where state in ({live})"). Private to
// gateway/jobs.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace imprint::gateway {

// The statement with the number, or the numbers, of the states that each name stands for:
//   {job_running}    RUNNING
//   {to_run}         PENDING and RUNNING: nodes may be given work of these jobs
//   {to_end}         FINALIZING and CANCELLING: the registry, or their runs, must be heard first
//   {may_succeed}    PENDING, RUNNING and FINALIZING
//   {live}           all that have not ended
//   {chunk_waiting}, {chunk_running}
// Numbers and not parameters, so that they read as the partial indexes of job_schema.cc do and the
// database can use these. Thread-safe. A name that is none of these stays, and no database takes
// it.
std::string WithStates(absl::string_view statement);

// The same of a statement in pieces.
template <typename... Pieces>
std::string Sql(const Pieces&... pieces) {
  return WithStates(absl::StrCat(pieces...));
}

}  // namespace imprint::gateway
