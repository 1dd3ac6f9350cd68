// The runs that a node has, and which it may begin.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "services/node/change_signal.h"
#include "services/node/run.h"
#include "services/node/run_id.h"

namespace imprint::node {

struct RunTableOptions {
  // Runs at once.
  int slots = 1;
  // A run that nobody is attached to for so long is stopped, with a checkpoint.
  absl::Duration orphan_after = absl::Seconds(60);
  // How long the end of a run is kept for whoever asks: if nobody has read it yet, and if somebody
  // has (who may have died of it).
  absl::Duration keep_unread = absl::Minutes(30);
  absl::Duration keep_read = absl::Minutes(1);
  // Runs that ended and are kept, at most.
  size_t max_ended = 256;
  // What a stop may take until the work is ended by force.
  absl::Duration keep_patience = absl::Seconds(60);
  absl::Duration abandon_patience = absl::Seconds(10);
  std::function<absl::Time()> now = absl::Now;
};

// Of a chunk's attempts the highest counts: beginning it stops the lower ones, and a lower one is
// not begun any more. Thread-safe.
class RunTable {
 public:
  explicit RunTable(RunTableOptions options) : options_(std::move(options)) {}

  struct Begun {
    std::shared_ptr<Run> run;
    // It was there before; otherwise the caller now has to compute it.
    bool existed = false;
  };

  // Idempotent by id. RESOURCE_EXHAUSTED (NO_FREE_SLOT) if no slot is free, UNAVAILABLE (DRAINING)
  // while draining, ABORTED (SUPERSEDED) if a higher attempt was begun here.
  absl::StatusOr<Begun> Begin(const RunId& id);

  // OK if it has ended already, and then, for ABANDON, it is no longer listed; NOT_FOUND.
  absl::Status Stop(const RunId& id, v1::StopMode mode, const std::string& reason);

  // Somebody's presence at a run. Must not outlive the table.
  class Attachment {
   public:
    Attachment(Attachment&& other) noexcept = default;
    Attachment& operator=(Attachment&&) = delete;
    ~Attachment();

    const Run& run() const { return *run_; }
    // The run's last event has reached the reader.
    void ReadToTheEnd();

   private:
    friend class RunTable;
    Attachment(RunTable& table, std::shared_ptr<Run> run) : table_(&table), run_(std::move(run)) {}

    RunTable* table_;
    std::shared_ptr<Run> run_;
  };

  // NOT_FOUND.
  absl::StatusOr<Attachment> Attach(const RunId& id);

  // Stops orphans and forgets what was kept long enough; to be called every second.
  void Tidy();

  // Begins nothing from now on and stops every run, keeping what was reached; the work is ended by
  // force some time before `deadline`.
  void Drain(absl::Time deadline);

  // Waits until every run has ended and nobody reads of it any more, or until the deadline.
  void AwaitQuiet(absl::Time deadline);

  // Ends every stream (services/node/run_stream.h, node_endpoint.h).
  void Close();
  bool closed() const;

  struct Snapshot {
    int slots = 0;
    int free_slots = 0;
    bool draining = false;
    // Those that compute, and those whose end nobody has read.
    std::vector<RunId> runs;
  };
  Snapshot snapshot() const;

  // Changes with everything that the snapshot shows; also for what else the node's status has.
  ChangeSignal& changes() { return changes_; }

 private:
  struct Entry {
    std::shared_ptr<Run> run;
    int attached = 0;
    // When the last reader left.
    absl::Time alone_since;
    // When its end was first noticed.
    std::optional<absl::Time> ended_at;
    bool read_to_the_end = false;
    // A higher attempt took its slot.
    bool superseded = false;
  };

  int BusySlots() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Stops the lower attempts at the same chunk. Says whether there is a higher one.
  bool Supersede(const RunId& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Outdated(const Entry& entry, absl::Time now) const;
  void ForgetSomeEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Quiet() const;

  RunTableOptions options_;
  ChangeSignal changes_;
  mutable absl::Mutex mutex_;
  // Attempts at one chunk stand beside each other.
  std::map<RunId, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace imprint::node
