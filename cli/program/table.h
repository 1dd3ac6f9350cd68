// Prints lists for people, in columns as wide as their content.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace imprint::cli {

// Control characters are shown, not obeyed.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);

  // Adds a row, which has as many cells as there are headings.
  void Add(std::vector<std::string> cells);

  bool empty() const { return rows_.size() == 1; }

  // Returns one line per row, headings first.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Returns "1 picture", "8 pictures".
std::string CountText(int64_t count, absl::string_view what);

// Returns "812 B", "4.2 KB", "31 MB".
std::string BytesText(int64_t bytes);

}  // namespace imprint::cli
