// The runs of a node, and the rules for which it may begin.
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
  // The number of concurrent runs.
  int slots = 1;
  // An orphan: a run that nobody has been attached to for this long is stopped, with a checkpoint.
  absl::Duration orphan_after = absl::Seconds(60);
  // The retention of a run's end: while nobody has read it yet, and once somebody has (who may have
  // died from it).
  absl::Duration keep_unread = absl::Minutes(30);
  absl::Duration keep_read = absl::Minutes(1);
  // The most ended runs that are kept.
  size_t max_ended = 256;
  // How long a stop may take until the work is ended by force.
  absl::Duration keep_patience = absl::Seconds(60);
  absl::Duration abandon_patience = absl::Seconds(10);
  std::function<absl::Time()> now = absl::Now;
};

// The highest of a chunk's attempts counts: beginning it stops the lower ones, and a lower one is
// no longer begun. Thread-safe.
class RunTable {
 public:
  explicit RunTable(RunTableOptions options) : options_(std::move(options)) {}

  struct Begun {
    std::shared_ptr<Run> run;
    // The run already existed; otherwise the caller now has to compute it.
    bool existed = false;
  };

  // Begins a run; idempotent by id. Returns RESOURCE_EXHAUSTED (NO_FREE_SLOT) if no slot is free,
  // UNAVAILABLE (DRAINING) while draining, and ABORTED (SUPERSEDED) if a higher attempt was begun
  // here.
  absl::StatusOr<Begun> Begin(const RunId& id);

  // Orders a run to stop. Returns OK if it has already ended; with ABANDON, it is then no longer
  // listed. Returns NOT_FOUND if the run is unknown.
  absl::Status Stop(const RunId& id, v1::StopMode mode, const std::string& reason);

  // Keeps a reader attached to a run while it lives. Must not outlive the table.
  class Attachment {
   public:
    Attachment(Attachment&& other) noexcept = default;
    Attachment& operator=(Attachment&&) = delete;
    ~Attachment();

    const Run& run() const { return *run_; }
    // Notes that the run's last event has reached the reader.
    void ReadToTheEnd();

   private:
    friend class RunTable;
    Attachment(RunTable& table, std::shared_ptr<Run> run) : table_(&table), run_(std::move(run)) {}

    RunTable* table_;
    std::shared_ptr<Run> run_;
  };

  // Attaches a reader to a run. Returns NOT_FOUND if the run is unknown.
  absl::StatusOr<Attachment> Attach(const RunId& id);

  // Stops orphans and forgets ended runs past their retention. To be called every second.
  void Tidy();

  // Begins nothing from now on and stops every run, keeping the progress made so far. What does not
  // stop is ended by force some time before `deadline`.
  void Drain(absl::Time deadline);

  // Blocks until every run has ended and nobody is attached any more, or until the deadline.
  void AwaitQuiet(absl::Time deadline);

  // Ends every stream (services/node/run_stream.h, node_endpoint.h).
  void Close();
  bool closed() const;

  struct Snapshot {
    int slots = 0;
    int free_slots = 0;
    bool draining = false;
    // Runs that are computing, and ended runs whose end nobody has read.
    std::vector<RunId> runs;
  };
  Snapshot snapshot() const;

  // Signals every change of the snapshot; also used for changes of the node's other status.
  ChangeSignal& changes() { return changes_; }

 private:
  struct Entry {
    std::shared_ptr<Run> run;
    int attached = 0;
    // When the last reader left.
    absl::Time alone_since;
    // When Tidy first noticed its end.
    std::optional<absl::Time> ended_at;
    bool read_to_the_end = false;
    // A higher attempt took its slot.
    bool superseded = false;
  };

  int BusySlots() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Stops the lower attempts at the same chunk. Returns whether there is a higher one.
  bool Supersede(const RunId& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Outdated(const Entry& entry, absl::Time now) const;
  void ForgetSomeEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Quiet() const;

  RunTableOptions options_;
  ChangeSignal changes_;
  mutable absl::Mutex mutex_;
  // Attempts at one chunk are next to each other.
  std::map<RunId, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace imprint::node
