#include "sets/report/set_report.h"

#include <algorithm>

#include "absl/algorithm/container.h"

namespace imprint::sets {
namespace {

void CountPicture(const Plan& plan, const std::vector<size_t>& cell, bool blocked,
                  SetReport& report) {
  const auto count = [blocked](PictureCounts& counts) {
    ++(blocked ? counts.blocked : counts.drawn);
  };
  count(report.all);
  for (size_t i = 0; i < cell.size(); ++i) count(report.of_values[i][cell[i]]);
  if (blocked) return;
  for (size_t i = 0; i < plan.quotas.size(); ++i) {
    const Quota& quota = plan.quotas[i];
    if (!quota.where.empty() && !IsIn(quota.where, cell)) continue;
    ++report.quotas[i].drawn.where;
    if (IsIn(quota.of, cell)) ++report.quotas[i].drawn.of;
  }
}

// Of many that are equally close, those that were found first.
void KeepClosest(std::vector<NearDuplicate>& found) {
  absl::c_stable_sort(found, [](const NearDuplicate& a, const NearDuplicate& b) {
    return std::pair(a.difference.bits, a.difference.colour) <
           std::pair(b.difference.bits, b.difference.colour);
  });
  if (found.size() > kMostNearDuplicates) found.resize(kMostNearDuplicates);
}

std::vector<NearDuplicate> FindNearDuplicates(const SetReport& report) {
  std::vector<NearDuplicate> found;
  const auto& pictures = report.pictures;
  if (pictures.size() > kMostCompared) return found;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto& first = pictures[i].first.likeness;
    for (size_t j = i + 1; first && j < pictures.size(); ++j) {
      const auto& second = pictures[j].first.likeness;
      if (!second) continue;
      const PictureDifference difference = DifferenceOf(*first, *second);
      if (difference.IsNearDuplicate()) found.push_back({i, j, difference});
      if (found.size() == 2 * kMostNearDuplicates) KeepClosest(found);
    }
  }
  KeepClosest(found);
  return found;
}

}  // namespace

double ReportedTry::worst() const {
  return scores.empty() ? 0 : *std::max_element(scores.begin(), scores.end());
}

SetReport MakeReport(std::shared_ptr<const Expansion> plan, SetSource source,
                     std::vector<ReportedPicture> pictures) {
  SetReport report = {.source = std::move(source), .plan = std::move(plan)};
  const Expansion& expansion = *report.plan;
  const Coverage coverage = CoverageOf(expansion);
  report.all.planned = coverage.pictures;
  for (const std::vector<int64_t>& of_axis : coverage.of_values) {
    auto& counts = report.of_values.emplace_back();
    for (const int64_t planned : of_axis) counts.push_back({.planned = planned});
  }
  for (const QuotaCount& planned : coverage.quotas) report.quotas.push_back({.planned = planned});
  absl::c_sort(pictures, [](const auto& a, const auto& b) { return a.index < b.index; });
  for (ReportedPicture& picture : pictures) {
    if (picture.index < 0 || picture.index >= expansion.size()) continue;
    Item item = expansion.At(picture.index);
    CountPicture(expansion.plan(), item.cell, picture.is_blocked(), report);
    report.pictures.emplace_back(std::move(picture), std::move(item));
  }
  for (size_t i = 0; i < report.quotas.size(); ++i) {
    report.quotas[i].is_met = IsMet(expansion.plan().quotas[i], report.quotas[i].drawn);
  }
  auto next = report.pictures.begin();
  for (int64_t i = 0; i < expansion.size() && report.missing.size() < kMostMissing; ++i) {
    if (next != report.pictures.end() && next->first.index == i) {
      ++next;
    } else {
      report.missing.push_back(expansion.At(i).key);
    }
  }
  report.near_duplicates = FindNearDuplicates(report);
  return report;
}

}  // namespace imprint::sets
