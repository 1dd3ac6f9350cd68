// The base models that this process keeps in memory, with LRU eviction.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <imprint/v1/node.pb.h>

#include "engine/model/base_model.h"
#include "orders/compute_device.h"

namespace imprint::sampler {

class ModelCache {
 public:
  // Keeps the `capacity` most recently used models on the device.
  ModelCache(size_t capacity, const ComputeDevice& device) : capacity_(capacity), device_(device) {}

  struct Loaded {
    std::shared_ptr<const engine::BaseModel> model;
    // The model was already in memory.
    bool warm = false;
  };

  // Returns the model, loading it if needed. Returns INVALID_ARGUMENT with the reason
  // MODEL_MISMATCH if the folder holds another model, and otherwise the errors of BaseModel::Load.
  // Called by one thread.
  absl::StatusOr<Loaded> Get(const v1::ModelLocation& location, Precision precision);

  // Returns whether the model is in memory. Thread-safe.
  bool Has(const v1::ModelLocation& location, Precision precision) const;

  // Thread-safe.
  std::vector<std::string> Fingerprints() const;

 private:
  struct Entry {
    // The folder as it was asked for. Folders with equal weights may differ in their safety
    // checker.
    std::string folder;
    std::shared_ptr<const engine::BaseModel> model;
  };

  static bool Is(const Entry& entry, const v1::ModelLocation& location, Precision precision);

  // Removes the least recently used model that nobody draws with, or else the least recently used.
  void EvictOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t capacity_;
  const ComputeDevice device_;
  mutable absl::Mutex mutex_;
  // The most recently used model comes first.
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint::sampler
