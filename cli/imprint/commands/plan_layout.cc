#include "cli/imprint/commands/plan_layout.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"

namespace imprint::cli {
namespace {

// File systems take 255.
constexpr size_t kMaxStemBytes = 120;

}  // namespace

absl::StatusOr<PlanLayout> PlanLayout::Make(std::shared_ptr<const sets::Expansion> plan,
                                            const std::string& columns) {
  const std::vector<sets::Axis>& axes = plan->plan().axes;
  if (columns.empty()) return PlanLayout(std::move(plan), axes.size() - 1);
  const auto axis = absl::c_find_if(axes, [&](const auto& each) { return each.name == columns; });
  if (axis != axes.end()) {
    return PlanLayout(std::move(plan), static_cast<size_t>(axis - axes.begin()));
  }
  return FieldError(
      "--columns", Quoted(columns),
      absl::StrCat("an axis: ", absl::StrJoin(axes, ", ", [](auto* out, const auto& a) {
                     out->append(a.name);
                   })));
}

PlanLayout::PlanLayout(std::shared_ptr<const sets::Expansion> plan, size_t columns)
    : plan_(std::move(plan)), columns_(columns) {
  plan_->ForEachCell([&](const std::vector<size_t>& cell, int64_t pictures) {
    if (pictures > 0) rows_.emplace(RowOf(cell), 0);
    has_numbers_ = has_numbers_ || pictures > 1;
  });
  size_t number = 0;
  for (auto& [cell, row] : rows_) row = number++;
}

std::vector<size_t> PlanLayout::RowOf(std::vector<size_t> cell) const {
  cell[columns_] = 0;
  return cell;
}

absl::StatusOr<PlannedItem> PlanLayout::Of(const v1::ItemRequest& request) const {
  const int64_t index = request.index();
  if (index < 0 || index >= plan_->size()) {
    return absl::InternalError(absl::StrCat("item ", index, " was not asked for"));
  }
  const sets::Item item = plan_->At(index);
  const std::vector<sets::Axis>& axes = plan_->plan().axes;
  const std::string number = item.key.substr(item.key.rfind('/') + 1);
  PlannedItem place = {.number = static_cast<size_t>(index) + 1, .row = rows_.at(RowOf(item.cell))};
  place.file_stem = absl::StrFormat("%03d", place.number);
  for (size_t i = 0; i < axes.size(); ++i) {
    const std::string& value = axes[i].values[item.cell[i]].name;
    absl::StrAppend(&place.file_stem, "-", value);
    if (i == columns_) {
      place.caption = has_numbers_ ? absl::StrCat(value, " ", number) : value;
    } else {
      absl::StrAppend(&place.heading, place.heading.empty() ? "" : ", ", value);
    }
  }
  if (place.file_stem.size() > kMaxStemBytes) place.file_stem.resize(kMaxStemBytes);
  if (has_numbers_) absl::StrAppend(&place.file_stem, "-", number);
  return place;
}

}  // namespace imprint::cli
