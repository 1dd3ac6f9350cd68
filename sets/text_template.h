// Text with axes in it: "{place} in {season}". Data, not a language: nothing is computed.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint::sets {

class TextTemplate {
 public:
  // Parses a text in which {name} stands for an axis' value, and {{ and }} for braces.
  // INVALID_ARGUMENT that says at which character, but names no field, if a brace has no partner,
  // or if a name is none of `axes`.
  static absl::StatusOr<TextTemplate> Parse(absl::string_view text,
                                            const std::vector<std::string>& axes);

  // Returns the text with `text_of(axis)` in place of each axis.
  std::string Fill(const std::function<absl::string_view(size_t)>& text_of) const;

  // Returns the bytes of what is text in it.
  size_t fixed_bytes() const;

  // Returns how often the axis stands in it.
  size_t Count(size_t axis) const;

  bool empty() const { return pieces_.empty(); }

 private:
  // Text as it is, and then an axis.
  struct Piece {
    std::string text;
    std::optional<size_t> axis;
  };
  std::vector<Piece> pieces_;
};

}  // namespace imprint::sets
