#include "sets/expansion_cache.h"

#include "absl/algorithm/container.h"

#include "base/sha256.h"
#include "base/status_macros.h"
#include "sets/plan_file.h"

namespace imprint::sets {

absl::StatusOr<std::shared_ptr<const Expansion>> ExpansionCache::Of(const std::string& text) {
  const std::shared_ptr<Entry> entry = EntryOf(text);
  const absl::MutexLock lock(&entry->mutex);
  if (entry->made == nullptr) {
    ASSIGN_OR_RETURN(entry->made, Expand(text));
  }
  return entry->made;
}

std::shared_ptr<ExpansionCache::Entry> ExpansionCache::EntryOf(const std::string& text) {
  std::string digest = Sha256Hex(text);
  const absl::MutexLock lock(&mutex_);
  const auto found = absl::c_find_if(kept_, [&](const auto& each) { return each.first == digest; });
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
  } else {
    kept_.emplace_front(std::move(digest), std::make_shared<Entry>());
    if (kept_.size() > most_) kept_.pop_back();
  }
  return kept_.front().second;
}

absl::StatusOr<std::shared_ptr<const Expansion>> Expand(const std::string& text) {
  ASSIGN_OR_RETURN(Plan plan, ParsePlan(text, "spec.plan"));
  ASSIGN_OR_RETURN(Expansion expansion,
                   Expansion::Make(std::make_shared<const Plan>(std::move(plan))));
  return std::make_shared<const Expansion>(std::move(expansion));
}

}  // namespace imprint::sets
