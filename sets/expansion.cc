#include "sets/expansion.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "orders/field_table.h"
#include "sets/text_sizes.h"

namespace imprint::sets {
namespace {

// A picture is found by its block, and then cell by cell.
constexpr int64_t kBlock = 64;

bool IsOfPrompt(const Field<PictureRequest>* row) {
  return row->name == "negative_prompt" || row->name == "prompt_style";
}

uint64_t SeedOf(absl::string_view text) {
  return std::strtoull(Sha256Hex(text).substr(0, 16).c_str(), nullptr, 16) >> 11;
}

}  // namespace

Expansion::Expansion(std::shared_ptr<const Plan> plan)
    : plan_(std::move(plan)), by_name_(plan_->axes.size()) {
  absl::c_iota(by_name_, size_t{0});
  absl::c_sort(by_name_,
               [&](size_t a, size_t b) { return plan_->axes[a].name < plan_->axes[b].name; });
}

absl::StatusOr<Expansion> Expansion::Make(std::shared_ptr<const Plan> plan) {
  Expansion made(std::move(plan));
  const Plan& of = *made.plan_;
  std::vector<size_t> sides;
  for (const Axis& axis : of.axes) {
    sides.push_back(axis.values.size());
    // Below 10^11, which no product of one more axis makes too large for the type.
    made.cells_ = std::min(made.cells_, kMostCells + 1) * static_cast<int64_t>(axis.values.size());
  }
  if (made.cells_ > kMostCells) {
    return FieldError(absl::StrCat(of.axes_place, ": axes"),
                      absl::StrCat(absl::StrJoin(sides, " × "), " cells"),
                      absl::StrCat("at most ", kMostCells));
  }
  const TextSizes sizes(of);
  made.excluded_.resize(static_cast<size_t>(made.cells_));
  std::vector<size_t> cell(of.axes.size(), 0);
  for (int64_t number = 0; number < made.cells_; ++number, made.Advance(cell)) {
    if (number % kBlock == 0) made.before_block_.push_back(made.size_);
    if (IsIn(of.exclusions, cell)) {
      made.excluded_[static_cast<size_t>(number)] = true;
      continue;
    }
    made.size_ += made.PicturesOf(cell, number);
    if (made.size_ > kMaxSetPictures) {
      return FieldError(absl::StrCat(of.axes_place, ": axes"),
                        absl::StrCat("more than ", kMaxSetPictures, " pictures"),
                        absl::StrCat("at most that; lower count (", of.count,
                                     ") or a weight, or leave out values"));
    }
    RETURN_IF_ERROR(sizes.Check(cell, [&] { return made.KeyOf(cell, 1); }));
  }
  if (made.size_ == 0) {
    return FieldError(absl::StrCat(of.exclusions_place, ": exclude"), "every cell excluded",
                      "at least one that is left");
  }
  return made;
}

Item Expansion::At(int64_t index) const {
  const auto block = std::prev(std::upper_bound(before_block_.begin(), before_block_.end(), index));
  int64_t number = (block - before_block_.begin()) * kBlock;
  std::vector<size_t> cell = CellAt(number);
  int64_t left = index - *block;
  for (int64_t pictures = PicturesOf(cell, number); left >= pictures;
       pictures = PicturesOf(cell, number)) {
    left -= pictures;
    Advance(cell);
    ++number;
  }
  Item item{.key = KeyOf(cell, left + 1), .request = RequestOf(cell)};
  const std::string family = absl::StrCat(plan_->seed, "/", PathOf(cell, /*all=*/false), left + 1);
  item.request.seed = SeedOf(family);
  for (int i = 1; i <= plan_->retries; ++i) {
    item.spare_seeds.push_back(SeedOf(absl::StrCat(family, "/retry/", i)));
  }
  for (const auto& [language, text] : plan_->alt_text) {
    item.alt_text[language] = text.Fill([&, &language = language](size_t axis) {
      return absl::string_view(plan_->axes[axis].values[cell[axis]].alt_text.at(language));
    });
  }
  item.cell = std::move(cell);
  return item;
}

void Expansion::ForEachCell(
    const std::function<void(const std::vector<size_t>& cell, int64_t pictures)>& visit) const {
  std::vector<size_t> cell(plan_->axes.size(), 0);
  for (int64_t number = 0; number < cells_; ++number, Advance(cell)) {
    visit(cell, PicturesOf(cell, number));
  }
}

void Expansion::ForEachCombination(
    const std::vector<bool>& axes,
    const std::function<bool(const std::vector<size_t>& cell, int64_t pictures)>& visit) const {
  // A combination is numbered as a cell is, by the chosen axes alone.
  std::vector<int64_t> unit(axes.size(), 0);
  int64_t combinations = 1;
  for (size_t i = axes.size(); i-- > 0;) {
    if (!axes[i]) continue;
    unit[i] = combinations;
    combinations *= static_cast<int64_t>(plan_->axes[i].values.size());
  }
  struct Found {
    int64_t cell = 0;
    int64_t pictures = 0;
  };
  std::vector<Found> found(static_cast<size_t>(combinations));
  int64_t number = 0;
  ForEachCell([&](const std::vector<size_t>& cell, int64_t pictures) {
    int64_t combination = 0;
    for (size_t i = 0; i < cell.size(); ++i) {
      combination += unit[i] * static_cast<int64_t>(cell[i]);
    }
    Found& of = found[static_cast<size_t>(combination)];
    if (of.pictures == 0) of.cell = number;
    of.pictures += pictures;
    ++number;
  });
  for (const Found& of : found) {
    if (of.pictures > 0 && !visit(CellAt(of.cell), of.pictures)) return;
  }
}

std::vector<bool> Expansion::AxesOfSettings() const {
  std::vector<bool> axes;
  for (const Axis& axis : plan_->axes) {
    axes.push_back(absl::c_any_of(axis.values, [](const AxisValue& value) {
      return !absl::c_all_of(value.settings.given, IsOfPrompt);
    }));
  }
  return axes;
}

std::vector<bool> Expansion::AxesOfPrompts() const {
  std::vector<bool> axes;
  for (size_t i = 0; i < plan_->axes.size(); ++i) {
    axes.push_back(plan_->prompt.Count(i) > 0 ||
                   absl::c_any_of(plan_->axes[i].values, [&](const AxisValue& value) {
                     return absl::c_any_of(value.settings.given, IsOfPrompt);
                   }));
  }
  return axes;
}

std::string Expansion::KeyOf(const std::vector<size_t>& cell, int64_t number) const {
  return absl::StrCat(PathOf(cell, /*all=*/true), number);
}

PictureRequest Expansion::RequestOf(const std::vector<size_t>& cell) const {
  PictureRequest request = plan_->settings.values;
  request.prompt = plan_->prompt.Fill(
      [&](size_t axis) { return absl::string_view(plan_->axes[axis].values[cell[axis]].text); });
  // What the plan keeps out, and each of the values.
  std::string negative = request.negative_prompt;
  for (size_t i = 0; i < cell.size(); ++i) {
    const GivenSettings& settings = plan_->axes[i].values[cell[i]].settings;
    if (settings.given.empty()) continue;
    CopyFields<PictureRequest>(
        kPictureFields, settings.values,
        [&](const auto& row) { return absl::c_linear_search(settings.given, &row); }, request);
    const std::string& more = settings.values.negative_prompt;
    if (!more.empty()) absl::StrAppend(&negative, negative.empty() ? "" : ", ", more);
  }
  request.negative_prompt = std::move(negative);
  return request;
}

std::vector<const Field<PictureRequest>*> Expansion::GivenBy(
    const std::vector<size_t>& cell) const {
  std::vector<const Field<PictureRequest>*> given;
  for (size_t i = 0; i < cell.size(); ++i) {
    absl::c_copy(plan_->axes[i].values[cell[i]].settings.given, std::back_inserter(given));
  }
  return given;
}

std::vector<size_t> Expansion::CellAt(int64_t number) const {
  std::vector<size_t> cell(plan_->axes.size(), 0);
  for (size_t i = cell.size(); i-- > 0;) {
    const auto values = static_cast<int64_t>(plan_->axes[i].values.size());
    cell[i] = static_cast<size_t>(number % values);
    number /= values;
  }
  return cell;
}

void Expansion::Advance(std::vector<size_t>& cell) const {
  for (size_t i = cell.size(); i-- > 0;) {
    if (++cell[i] < plan_->axes[i].values.size()) return;
    cell[i] = 0;
  }
}

int64_t Expansion::PicturesOf(const std::vector<size_t>& cell, int64_t number) const {
  if (excluded_[static_cast<size_t>(number)]) return 0;
  int64_t pictures = plan_->count;
  for (size_t i = 0; i < cell.size(); ++i) {
    pictures = std::min(pictures * plan_->axes[i].values[cell[i]].weight, kMaxSetPictures + 1);
  }
  return pictures;
}

std::string Expansion::PathOf(const std::vector<size_t>& cell, bool all) const {
  std::string path;
  for (const size_t i : by_name_) {
    const Axis& axis = plan_->axes[i];
    if (!all && axis.same_seed) continue;
    absl::StrAppend(&path, axis.name, "=", axis.values[cell[i]].name, "/");
  }
  return path;
}

}  // namespace imprint::sets
