#include "services/node/run_stream.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "rpc/status.h"
#include "services/node/look_interval.h"
#include "services/node/run_id.h"
#include "services/node/run_log.h"
#include "services/server/call.h"
#include "services/server/patience.h"

namespace imprint::node {
namespace {

absl::Status Stream(RunTable& runs, const v1::RunKey& key, int64_t from_event,
                    grpc::ServerContext& context, grpc::ServerWriter<v1::RunEvent>& writer) {
  ASSIGN_OR_RETURN(const RunId id, ParseRunId(key));
  if (from_event < 0) return FieldError("from_event", absl::StrCat(from_event), "0 or more");
  ASSIGN_OR_RETURN(RunTable::Attachment attachment, runs.Attach(id));
  int64_t next = std::max<int64_t>(from_event, 1);
  while (true) {
    const RunLog::Reading reading = attachment.run().log().Read(next, absl::Now() + kLookInterval);
    for (const RunEventPtr& event : reading.events) {
      if (!WritePatiently(context, writer, *event)) {
        return absl::CancelledError("the caller has gone");
      }
      next = event->number() + 1;
    }
    if (reading.complete) {
      attachment.ReadToTheEnd();
      return absl::OkStatus();
    }
    if (context.IsCancelled()) return absl::CancelledError("the caller has gone");
    if (runs.closed()) return absl::UnavailableError("the node ends");
  }
}

}  // namespace

grpc::Status StreamRun(RunTable& runs, const v1::RunKey& key, int64_t from_event,
                       grpc::ServerContext& context, grpc::ServerWriter<v1::RunEvent>& writer) {
  return Answer(context, [&] { return Stream(runs, key, from_event, context, writer); });
}

}  // namespace imprint::node
