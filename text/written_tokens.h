// Concepts' tokens as they stand in prompts that nobody has read yet.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace imprint {

// Whether text[begin, begin + size) stands apart: where its first or last character is a letter or
// a number, the text's neighbour is none. A concept's token counts only where it does. `text` is
// any bytes; both ends are starts of characters.
bool StandsApart(absl::string_view text, size_t begin, size_t size);

class WrittenTokens {
 public:
  WrittenTokens() = default;
  explicit WrittenTokens(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  void Add(std::string token) { tokens_.push_back(std::move(token)); }

  // The longest token that stands apart at `position` of a prompt as it was given (UTF-8, not
  // normalised); nullptr if none does. Letters beyond ASCII count only in the token's own case and
  // form.
  const std::string* LongestAt(absl::string_view prompt, size_t position) const;

 private:
  std::vector<std::string> tokens_;
};

}  // namespace imprint
