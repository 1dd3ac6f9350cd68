// Where the pictures of a plan go: their files, and their places on the contact sheet.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint/commands/drawing_plan.h"

#include "sets/expansion.h"

namespace imprint::cli {

// The sheet has a column for each value of one axis, and a row for each combination of the others'.
// Immutable.
class PlanLayout {
 public:
  // `columns` names an axis; empty is the last one. INVALID_ARGUMENT naming --columns if the plan
  // has no such axis.
  static absl::StatusOr<PlanLayout> Make(std::shared_ptr<const sets::Expansion> plan,
                                         const std::string& columns = "");

  const std::shared_ptr<const sets::Expansion>& plan() const { return plan_; }
  // The axis of the columns.
  size_t columns() const { return columns_; }

  // Returns where the item of that index goes: "012-river-winter-2", row "river", caption
  // "winter 2"; the last number is left out if each cell has but one picture.
  absl::StatusOr<PlannedItem> Of(const v1::ItemRequest& item) const;

 private:
  PlanLayout(std::shared_ptr<const sets::Expansion> plan, size_t columns);

  std::vector<size_t> RowOf(std::vector<size_t> cell) const;

  std::shared_ptr<const sets::Expansion> plan_;
  size_t columns_;
  bool has_numbers_ = false;
  // The number of each row, in the plan's order, by its cells with 0 for the column.
  std::map<std::vector<size_t>, size_t> rows_;
};

}  // namespace imprint::cli
