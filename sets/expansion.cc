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

namespace imprint::sets {
namespace {

// A picture is found by its block, and then cell by cell.
constexpr int64_t kBlock = 64;

absl::string_view TextOf(const Plan& plan, const std::vector<size_t>& cell, size_t axis) {
  return plan.axes[axis].values[cell[axis]].text;
}

// What the plan keeps out, and each of the values.
std::string NegativePromptOf(const Plan& plan, const std::vector<size_t>& cell) {
  std::string negative = plan.settings.values.negative_prompt;
  for (size_t i = 0; i < cell.size(); ++i) {
    const std::string& more = plan.axes[i].values[cell[i]].settings.values.negative_prompt;
    if (!more.empty()) absl::StrAppend(&negative, negative.empty() ? "" : ", ", more);
  }
  return negative;
}

absl::Status CheckSize(size_t bytes, absl::string_view place, absl::string_view field,
                       absl::string_view key) {
  if (bytes > 0 && bytes <= kMaxPromptBytes) return absl::OkStatus();
  return FieldError(absl::StrCat(place, ": ", field, " of ", key, "1"),
                    bytes == 0 ? "no text" : absl::StrCat(bytes, " bytes"),
                    absl::StrCat("1 to ", kMaxPromptBytes, " bytes"));
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
  absl::Status wrong;
  int64_t cells = 0;
  made.ForEachCell([&](const std::vector<size_t>& cell, int64_t pictures) {
    if (cells++ % kBlock == 0) made.before_block_.push_back(made.size_);
    if (pictures == 0 || !wrong.ok() || made.size_ > kMaxSetPictures) return;
    made.size_ = std::min(made.size_ + pictures, kMaxSetPictures + 1);
    wrong = made.CheckTexts(cell);
  });
  RETURN_IF_ERROR(wrong);
  if (made.size_ > kMaxSetPictures) {
    return FieldError(absl::StrCat(of.axes_place, ": axes"),
                      absl::StrCat("more than ", kMaxSetPictures, " pictures"),
                      absl::StrCat("at most that; lower count (", of.count,
                                   ") or a weight, or leave out values"));
  }
  if (made.size_ == 0) {
    return FieldError(absl::StrCat(of.exclusions_place, ": exclude"), "every cell excluded",
                      "at least one that is left");
  }
  return made;
}

Item Expansion::At(int64_t index) const {
  const auto block = std::prev(std::upper_bound(before_block_.begin(), before_block_.end(), index));
  std::vector<size_t> cell = CellAt((block - before_block_.begin()) * kBlock);
  int64_t left = index - *block;
  for (int64_t pictures = PicturesOf(cell); left >= pictures; pictures = PicturesOf(cell)) {
    left -= pictures;
    Advance(cell);
  }
  return ItemOf(std::move(cell), left + 1);
}

void Expansion::ForEachCell(
    const std::function<void(const std::vector<size_t>& cell, int64_t pictures)>& visit) const {
  std::vector<size_t> cell(plan_->axes.size(), 0);
  for (int64_t i = 0; i < cells_; ++i) {
    visit(cell, PicturesOf(cell));
    Advance(cell);
  }
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

int64_t Expansion::PicturesOf(const std::vector<size_t>& cell) const {
  if (IsIn(plan_->exclusions, cell)) return 0;
  int64_t pictures = plan_->count;
  for (size_t i = 0; i < cell.size(); ++i) {
    pictures = std::min(pictures * plan_->axes[i].values[cell[i]].weight, kMaxSetPictures + 1);
  }
  return pictures;
}

Item Expansion::ItemOf(std::vector<size_t> cell, int64_t number) const {
  Item item{.key = absl::StrCat(KeyOf(cell, /*all=*/true), number),
            .request = plan_->settings.values};
  item.request.prompt = plan_->prompt.Fill([&](size_t axis) { return TextOf(*plan_, cell, axis); });
  const std::string hash =
      Sha256Hex(absl::StrCat(plan_->seed, "/", KeyOf(cell, /*all=*/false), number));
  item.request.seed = std::strtoull(hash.substr(0, 16).c_str(), nullptr, 16) >> 11;
  for (size_t i = 0; i < cell.size(); ++i) {
    const AxisValue& value = plan_->axes[i].values[cell[i]];
    CopyFields<PictureRequest>(
        kPictureFields, value.settings.values,
        [&](const auto& row) { return absl::c_linear_search(value.settings.given, &row); },
        item.request);
  }
  item.request.negative_prompt = NegativePromptOf(*plan_, cell);
  for (const auto& [language, text] : plan_->alt_text) {
    item.alt_text[language] = text.Fill(
        [&, &language = language](size_t axis) { return AltTextOf(cell, axis, language); });
  }
  item.cell = std::move(cell);
  return item;
}

absl::Status Expansion::CheckTexts(const std::vector<size_t>& cell) const {
  const std::string key = KeyOf(cell, /*all=*/true);
  RETURN_IF_ERROR(
      CheckSize(plan_->prompt.Size([&](size_t axis) { return TextOf(*plan_, cell, axis); }),
                plan_->prompt_place, "prompt", key));
  for (const auto& [language, text] : plan_->alt_text) {
    RETURN_IF_ERROR(CheckSize(text.Size([&, &language = language](size_t axis) {
      return AltTextOf(cell, axis, language);
    }),
                              plan_->origin, absl::StrCat("alt_text.", language), key));
  }
  const std::string negative = NegativePromptOf(*plan_, cell);
  if (negative.empty()) return absl::OkStatus();
  return CheckSize(negative.size(), plan_->origin, "negative_prompt", key);
}

std::string Expansion::KeyOf(const std::vector<size_t>& cell, bool all) const {
  std::string key;
  for (const size_t i : by_name_) {
    const Axis& axis = plan_->axes[i];
    if (!all && axis.same_seed) continue;
    absl::StrAppend(&key, axis.name, "=", axis.values[cell[i]].name, "/");
  }
  return key;
}

absl::string_view Expansion::AltTextOf(const std::vector<size_t>& cell, size_t axis,
                                       const std::string& language) const {
  return plan_->axes[axis].values[cell[axis]].alt_text.at(language);
}

}  // namespace imprint::sets
