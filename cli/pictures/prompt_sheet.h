// A contact sheet with a row for each prompt.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

#include "imaging/contact_sheet.h"

namespace imprint::cli {

// Takes no more pictures than an overview can show.
class PromptSheet {
 public:
  PromptSheet(std::string title, std::string subtitle);

  // Adds a row above those of the prompts, such as one of what was taught from.
  void AddReferences(ContactSheet::Row row);

  // Adds the next picture of prompt `row`, with `heading` to the left of the row unless it is
  // empty. Both functions return false if there is no room; asking HasRoom first can save decoding
  // the picture.
  bool HasRoom(size_t row) const;
  bool Add(size_t row, absl::string_view heading, ContactSheet::Cell cell);

  // Returns the sheet; its subtitle says so if some of the pictures that were added had no room.
  ContactSheet Finish() &&;

 private:
  ContactSheet sheet_;
  size_t first_row_ = 0;
  size_t shown_ = 0;
  size_t added_ = 0;
};

// The most pictures of references on a sheet.
inline constexpr size_t kMaxSheetColumns = 10;

}  // namespace imprint::cli
