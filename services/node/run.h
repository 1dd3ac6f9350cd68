// One run on this node: what happened in it, and whether it was told to stop.
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

// How and why a run is to end before its time.
struct StopOrder {
  // Whether what was reached is to be kept.
  bool keep = true;
  std::string reason;
  // The node is draining: the run may go on elsewhere.
  bool draining = false;
  // Whether what is begun may be finished first; only chunks of pictures make use of it.
  bool finish_begun = false;
  // When patience ends, whatever state the work is in.
  absl::Time by = absl::InfiniteFuture();
};

// Thread-safe. Who computes it calls Append and looks at the stop order; RunTable has it found.
class Run {
 public:
  // `node` hears of the run's end.
  Run(RunId id, ChangeSignal& node) : id_(std::move(id)), node_(node) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  const RunId& id() const { return id_; }
  const RunLog& log() const { return log_; }
  bool ended() const { return log_.ended(); }

  // Adds an event to the log, as RunLog::Append.
  bool Append(v1::RunEvent event);

  // Says that it works on, unless it did so a moment ago. For work that has nothing else to show.
  void StillWorks();

  // The last events that need no more than words.
  void Fail(absl::string_view reason, absl::string_view message, bool retryable);
  // With the stop order's words; `note` is added to them.
  void EndStopped(absl::string_view note = "");

  // Orders a stop. Of several orders the first one's reason stays; the earliest `by` and the one
  // that does not keep count.
  void Stop(const StopOrder& order);
  std::optional<StopOrder> stop_order() const;
  // Requested with the first order. What is called back then must not call the table.
  std::stop_token stop_token() const { return stop_.get_token(); }

  // Changes with every order and at the end.
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
