// One run on this node: its events, and whether it was told to stop.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>

#include "services/node/change_signal.h"
#include "services/node/run_id.h"
#include "services/node/run_log.h"

namespace imprint::node {

// How and why a run is to end early.
struct StopOrder {
  // Whether the progress made so far is to be kept.
  bool keep = true;
  std::string reason;
  // Set when the node is draining: the run may go on elsewhere.
  bool draining = false;
  // Whether work in progress may be finished first; only chunks of pictures make use of it.
  bool finish_begun = false;
  // The deadline after which the work is ended, whatever state it is in.
  absl::Time by = absl::InfiniteFuture();
};

// Thread-safe. The code that computes a run calls Append and checks the stop order; others find the
// run through RunTable.
class Run {
 public:
  // `node` is notified of the run's end.
  Run(RunId id, ChangeSignal& node) : id_(std::move(id)), node_(node) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  const RunId& id() const { return id_; }
  const RunLog& log() const { return log_; }
  bool ended() const { return log_.ended(); }

  // Adds an event to the log, like RunLog::Append.
  bool Append(v1::RunEvent event);

  // Appends a sign of life, unless one was appended a moment ago. For work that has nothing else to
  // report.
  void StillWorks();

  // Ends the run with a failure.
  void Fail(absl::string_view reason, absl::string_view message, bool retryable);
  // Ends the run as stopped, for the reason that the stop order gives, followed by `note`.
  void EndStopped(absl::string_view note = "");

  // Orders a stop. When several orders come, the reason of the first one stays, the earliest `by`
  // counts, and one order that does not keep progress overrides those that do.
  void Stop(const StopOrder& order);
  std::optional<StopOrder> stop_order() const;
  // A stop is requested with the first order. Callbacks registered on the token must not call the
  // table.
  std::stop_token stop_token() const { return stop_.get_token(); }

  // Signals every stop order and the end of the run.
  ChangeSignal& changes() { return changes_; }

 private:
  const RunId id_;
  ChangeSignal& node_;
  RunLog log_;
  ChangeSignal changes_;
  std::stop_source stop_;
  mutable absl::Mutex mutex_;
  std::optional<StopOrder> order_ ABSL_GUARDED_BY(mutex_);
  absl::Time said_working_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace imprint::node
