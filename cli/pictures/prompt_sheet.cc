#include "cli/pictures/prompt_sheet.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace imprint::cli {
namespace {

// More than this on one sheet is no overview.
constexpr size_t kMaxRows = 24;

}  // namespace

PromptSheet::PromptSheet(std::string title, std::string subtitle) {
  sheet_.title = std::move(title);
  sheet_.subtitle = std::move(subtitle);
}

void PromptSheet::AddReferences(ContactSheet::Row row) {
  if (row.cells.size() > kMaxSheetColumns) row.cells.resize(kMaxSheetColumns);
  sheet_.rows.push_back(std::move(row));
  ++first_row_;
}

bool PromptSheet::HasRoom(size_t row) const {
  row += first_row_;
  return row < kMaxRows &&
         (row >= sheet_.rows.size() || sheet_.rows[row].cells.size() < kMaxSheetColumns);
}

bool PromptSheet::Add(size_t row, absl::string_view heading, ContactSheet::Cell cell) {
  ++added_;
  if (first_row_ + row >= kMaxRows) return false;
  if (first_row_ + row >= sheet_.rows.size()) sheet_.rows.resize(first_row_ + row + 1);
  ContactSheet::Row& target = sheet_.rows[first_row_ + row];
  if (!heading.empty()) target.heading = std::string(heading);
  if (target.cells.size() >= kMaxSheetColumns) return false;
  target.cells.push_back(std::move(cell));
  ++shown_;
  return true;
}

ContactSheet PromptSheet::Finish() && {
  if (shown_ < added_) {
    absl::StrAppend(&sheet_.subtitle, "; ", shown_, " of ", added_, " pictures");
  }
  return std::move(sheet_);
}

}  // namespace imprint::cli
