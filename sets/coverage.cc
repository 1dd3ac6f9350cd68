#include "sets/coverage.h"

#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"

namespace imprint::sets {
namespace {

bool IsWithin(const AxisChoice& a, const AxisChoice& b) {
  if (a.axis != b.axis) return false;
  for (size_t i = 0; i < a.values.size(); ++i) {
    if (a.values[i] && !b.values[i]) return false;
  }
  return true;
}

bool AreApart(const AxisChoice& a, const AxisChoice& b) {
  if (a.axis != b.axis) return false;
  for (size_t i = 0; i < a.values.size(); ++i) {
    if (a.values[i] && b.values[i]) return false;
  }
  return true;
}

// Whether each cell of the first is in the second, as far as one selection of each shows it.
bool IsWithin(const std::vector<Selection>& some, const std::vector<Selection>& others) {
  return absl::c_all_of(some, [&](const Selection& a) {
    return absl::c_any_of(others, [&](const Selection& b) {
      return absl::c_all_of(b, [&](const AxisChoice& y) {
        return absl::c_any_of(a, [&](const AxisChoice& x) { return IsWithin(x, y); });
      });
    });
  });
}

// Whether no cell is in both.
bool AreApart(const std::vector<Selection>& some, const std::vector<Selection>& others) {
  return absl::c_all_of(some, [&](const Selection& a) {
    return absl::c_all_of(others, [&](const Selection& b) {
      return absl::c_any_of(a, [&](const AxisChoice& x) {
        return absl::c_any_of(b, [&](const AxisChoice& y) { return AreApart(x, y); });
      });
    });
  });
}

// What is wrong with two quotas together; empty if nothing is.
std::string Contradiction(const Quota& a, const Quota& b) {
  if (a.where != b.where) return "";
  if (a.at_least + b.at_least > 1 + kShareRounding && AreApart(a.of, b.of)) {
    return absl::StrCat("at least ", Percent(a.at_least), " and ", Percent(b.at_least),
                        " of the same pictures");
  }
  for (const auto& [more, fewer] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (more->at_least > fewer->at_most + kShareRounding && IsWithin(more->of, fewer->of)) {
      return absl::StrCat("at least ", Percent(more->at_least), " and at most ",
                          Percent(fewer->at_most));
    }
  }
  return "";
}

}  // namespace

std::string Percent(double share) { return absl::StrCat(std::round(share * 10'000) / 100, " %"); }

std::string WantedShare(const Quota& quota) {
  // With the digits that the plan has: a share that was counted is shown with fewer.
  const auto wanted = [](double share) { return absl::StrCat(share * 100); };
  if (quota.at_least == 0) return absl::StrCat("at most ", wanted(quota.at_most), " %");
  if (quota.at_most == 1) return absl::StrCat("at least ", wanted(quota.at_least), " %");
  return absl::StrCat(wanted(quota.at_least), " % to ", wanted(quota.at_most), " %");
}

double QuotaCount::share() const {
  return where == 0 ? 0 : static_cast<double>(of) / static_cast<double>(where);
}

Coverage CoverageOf(const Expansion& expansion) {
  const Plan& plan = expansion.plan();
  Coverage coverage;
  coverage.quotas.resize(plan.quotas.size());
  for (const Axis& axis : plan.axes) coverage.of_values.emplace_back(axis.values.size(), 0);
  expansion.ForEachCell([&](const std::vector<size_t>& cell, int64_t pictures) {
    ++coverage.cells;
    if (pictures == 0) {
      ++coverage.excluded_cells;
      return;
    }
    coverage.pictures += pictures;
    for (size_t i = 0; i < cell.size(); ++i) coverage.of_values[i][cell[i]] += pictures;
    for (size_t i = 0; i < plan.quotas.size(); ++i) {
      const Quota& quota = plan.quotas[i];
      if (!quota.where.empty() && !IsIn(quota.where, cell)) continue;
      coverage.quotas[i].where += pictures;
      if (IsIn(quota.of, cell)) coverage.quotas[i].of += pictures;
    }
  });
  return coverage;
}

bool IsMet(const Quota& quota, const QuotaCount& count) {
  return count.where > 0 && count.share() >= quota.at_least - kShareRounding &&
         count.share() <= quota.at_most + kShareRounding;
}

absl::Status CheckContradictions(const Plan& plan) {
  for (size_t i = 0; i < plan.quotas.size(); ++i) {
    for (size_t j = i + 1; j < plan.quotas.size(); ++j) {
      const Quota& a = plan.quotas[i];
      const Quota& b = plan.quotas[j];
      if (const std::string wrong = Contradiction(b, a); !wrong.empty()) {
        return FieldError(absl::StrCat(b.place, ": quotas"),
                          absl::StrCat(b.name, " beside ", a.name, " (", a.place, "), ", wrong),
                          "quotas that one set can meet at once");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckQuotas(const Plan& plan, const Coverage& coverage) {
  std::vector<std::string> unmet;
  for (size_t i = 0; i < plan.quotas.size(); ++i) {
    const Quota& quota = plan.quotas[i];
    const QuotaCount& count = coverage.quotas[i];
    if (IsMet(quota, count)) continue;
    const std::string given = count.where == 0
                                  ? "no picture that it is about"
                                  : absl::StrCat(count.of, " of ", count.where, " pictures (",
                                                 Percent(count.share()), ")");
    unmet.push_back(absl::StrCat(quota.place, ": quotas: ", quota.name, ": got ", given,
                                 "; expected ", WantedShare(quota)));
  }
  if (unmet.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(unmet, "\n"));
}

}  // namespace imprint::sets
