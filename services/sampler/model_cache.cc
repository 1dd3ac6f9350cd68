#include "services/sampler/model_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "rpc/status.h"
#include "services/server/log.h"

namespace imprint::sampler {

absl::StatusOr<ModelCache::Loaded> ModelCache::Get(const v1::ModelLocation& location,
                                                   Precision precision) {
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return Is(entry, location, precision);
    });
    if (found != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, found);
      return Loaded{.model = entries_.front().model, .warm = true};
    }
    // Evicting before loading keeps memory from ever holding more than `capacity_` models.
    while (entries_.size() >= capacity_) EvictOne();
  }
  // Not under the lock: loading takes seconds, and heartbeats ask for the fingerprints meanwhile.
  ASSIGN_OR_RETURN(std::shared_ptr<const engine::BaseModel> model,
                   engine::BaseModel::Load(location.folder(), {device_, precision}));
  if (model->info().fingerprint != location.fingerprint()) {
    return WithReason(FieldError(absl::StrCat("model.fingerprint of ", location.folder()),
                                 absl::StrCat(model->info().fingerprint, " in the folder"),
                                 absl::StrCat(location.fingerprint(), ", as registered")),
                      "MODEL_MISMATCH");
  }
  for (const std::string& warning : model->info().warnings) LogWarning(warning);
  const absl::MutexLock lock(&mutex_);
  entries_.push_front({.folder = location.folder(), .model = model});
  return Loaded{.model = std::move(model), .warm = false};
}

bool ModelCache::Has(const v1::ModelLocation& location, Precision precision) const {
  const absl::MutexLock lock(&mutex_);
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return Is(entry, location, precision); });
}

bool ModelCache::Is(const Entry& entry, const v1::ModelLocation& location, Precision precision) {
  return entry.folder == location.folder() &&
         entry.model->info().fingerprint == location.fingerprint() &&
         entry.model->info().compute.precision == precision;
}

// A model that somebody draws with would stay in memory all the same.
void ModelCache::EvictOne() {
  const auto unused = std::find_if(entries_.rbegin(), entries_.rend(),
                                   [](const Entry& entry) { return entry.model.use_count() == 1; });
  entries_.erase(unused == entries_.rend() ? std::prev(entries_.end()) : std::prev(unused.base()));
}

std::vector<std::string> ModelCache::Fingerprints() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::string> fingerprints;
  for (const Entry& entry : entries_) fingerprints.push_back(entry.model->info().fingerprint);
  return fingerprints;
}

}  // namespace imprint::sampler
