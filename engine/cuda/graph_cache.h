// Keeps recorded graphs of the shapes that were used last.
#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <string>
#include <utility>

#include "absl/status/status.h"

#include "engine/cuda/device_graph.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {

// Each graph keeps the memory of what it computes.
inline constexpr size_t kMostGraphs = 4;

// An `Entry` has the tensors that a graph reads and writes, and the graph itself as its `graph`. At
// most kMostGraphs are kept. Not thread-safe.
template <typename Entry>
class GraphCache {
 public:
  // If `record` is null, no graphs are recorded.
  explicit GraphCache(RecordGraph record) : record_(std::move(record)) {}

  // Returns the entry for which `matches` is true, which counts as used now; null if there is none.
  template <typename Matches>
  Entry* Find(Matches&& matches) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), matches);
    if (found == entries_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found);
    return &entries_.front();
  }

  // Records a graph of the work that `prepare` returns for a new entry, which it fills. Where
  // memory is short the other graphs go. Returns null if it cannot be recorded; nor is any other
  // from then on. If the caller `can_ask_for_less` and memory is short, that is thrown instead.
  template <typename Prepare>
  Entry* Record(Prepare&& prepare, bool can_ask_for_less = false) {
    if (!record_) return nullptr;
    if (entries_.size() >= kMostGraphs) entries_.pop_back();
    while (true) {
      try {
        // Where the graph finds its tensors stays the same when the node joins the others.
        std::list<Entry> made(1);
        made.front().graph = record_(prepare(made.front()));
        entries_.splice(entries_.begin(), made);
        ++recorded_;
        return &entries_.front();
      } catch (...) {
        const absl::Status failed = StatusFromCurrentException();
        const bool is_short = absl::IsResourceExhausted(failed);
        if (is_short && can_ask_for_less && entries_.empty()) throw;
        if (!is_short || entries_.empty()) {
          // Whether the device itself has failed shows when the work is done without a graph.
          failure_ = std::string(failed.message());
          record_ = nullptr;
        }
      }
      entries_.clear();
      if (!record_) return nullptr;
    }
  }

  template <typename Goes>
  void EraseIf(Goes&& goes) {
    entries_.remove_if(goes);
  }

  // Returns the number of graphs that are kept.
  size_t kept() const { return entries_.size(); }
  // Returns the number of graphs recorded so far.
  int recorded() const { return recorded_; }

  // Return why graphs are recorded no longer; empty if they are, or never were to be. TakeFailure
  // returns it once.
  const std::string& failure() const { return failure_; }
  std::string TakeFailure() { return std::exchange(failure_, ""); }

 private:
  RecordGraph record_;
  std::list<Entry> entries_;  // the most recently used comes first
  int recorded_ = 0;
  std::string failure_;
};

}  // namespace imprint::engine
