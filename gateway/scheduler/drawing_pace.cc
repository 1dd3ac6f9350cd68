#include "gateway/scheduler/drawing_pace.h"

#include <algorithm>

namespace imprint::gateway {
namespace {

constexpr double kShareOfNewest = 0.3;
// Models that were drawn with; the rest is forgotten.
constexpr size_t kMostModels = 1000;

}  // namespace

void DrawingPace::Note(const std::string& model, const std::string& precision, double work,
                       int64_t items, absl::Duration took) {
  if (work <= 0 || items <= 0 || took <= absl::ZeroDuration()) return;
  const double seen = absl::ToDoubleSeconds(took) / (work * static_cast<double>(items));
  const absl::MutexLock lock(&mutex_);
  if (seconds_.size() >= kMostModels) seconds_.clear();
  const auto [pace, is_new] = seconds_.try_emplace({model, precision}, seen);
  if (!is_new) pace->second += kShareOfNewest * (seen - pace->second);
}

int64_t DrawingPace::ItemsFor(const std::string& model, const std::string& precision, double work,
                              absl::Duration time) const {
  const absl::MutexLock lock(&mutex_);
  const auto pace = seconds_.find({model, precision});
  // Jobs of before work was counted have none.
  if (work <= 0) return kMostChunkItems;
  if (pace == seconds_.end()) return kLeastChunkItems;
  const double items = absl::ToDoubleSeconds(time) / (pace->second * work);
  return std::clamp(static_cast<int64_t>(std::min(items, 1e6)), kLeastChunkItems, kMostChunkItems);
}

std::optional<absl::Duration> DrawingPace::TimeFor(const std::string& model,
                                                   const std::string& precision, double work,
                                                   int64_t items) const {
  const absl::MutexLock lock(&mutex_);
  std::optional<double> seconds;
  for (auto pace = seconds_.lower_bound({model, ""});
       pace != seconds_.end() && pace->first.first == model; ++pace) {
    if (precision != "auto" && precision != pace->first.second) continue;
    seconds = seconds ? std::min(*seconds, pace->second) : pace->second;
  }
  if (!seconds) return std::nullopt;
  return absl::Seconds(*seconds * work * static_cast<double>(items));
}

}  // namespace imprint::gateway
