// A contact sheet with a row for each prompt.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

#include "imaging/contact_sheet.h"

namespace imprint::cli {

// Takes no more than an overview can show.
class PromptSheet {
 public:
  PromptSheet(std::string title, std::string subtitle);

  // A row above the prompts', such as what was taught from.
  void AddReferences(ContactSheet::Row row);

  // The next picture of prompt `row`. `heading` stands left of the row, if it is not empty. False
  // if there is no room: whoever asks before can spare the picture's decoding.
  bool HasRoom(size_t row) const;
  bool Add(size_t row, absl::string_view heading, ContactSheet::Cell cell);

  // The sheet; its subtitle says so if some of the pictures that were added had no room.
  ContactSheet Finish() &&;

 private:
  ContactSheet sheet_;
  size_t first_row_ = 0;
  size_t shown_ = 0;
  size_t added_ = 0;
};

// Most pictures of references on a sheet.
inline constexpr size_t kMaxSheetColumns = 10;

}  // namespace imprint::cli
