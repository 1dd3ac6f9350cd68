// Follows the heartbeat of every node. Addresses are given, or are discovered by name:
// "dns:NAME:PORT" stands for all addresses that NAME currently resolves to, which is how
// Kubernetes' headless Services list their pods.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/peers/node_table.h"

namespace imprint::gateway {

// Returns the addresses that a target stands for now, each as "HOST:PORT". Returns UNAVAILABLE if
// the name cannot be resolved, and INVALID_ARGUMENT if the target has another form.
absl::StatusOr<std::vector<std::string>> ResolveNodes(const std::string& target);

// Owns its threads, and stops them when it is destroyed.
class NodeWatcher {
 public:
  // `changed` is called, on some thread, when a node changed.
  NodeWatcher(std::vector<std::string> targets, NodeTable& table, std::function<void()> changed);
  ~NodeWatcher();
  NodeWatcher(const NodeWatcher&) = delete;
  NodeWatcher& operator=(const NodeWatcher&) = delete;

 private:
  void Discover(const std::stop_token& stop);
  void Follow(const std::stop_token& stop, const std::string& address);

  std::vector<std::string> targets_;
  NodeTable& table_;
  std::function<void()> changed_;
  absl::Mutex mutex_;
  std::map<std::string, std::jthread> streams_ ABSL_GUARDED_BY(mutex_);
  std::jthread discovery_;
};

}  // namespace imprint::gateway
