#include "sets/text_template.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::sets {
namespace {

absl::Status Wrong(absl::string_view before, absl::string_view what) {
  // Without the further bytes of a character.
  const auto at = absl::c_count_if(before, [](char c) { return (c & 0xC0) != 0x80; });
  return absl::InvalidArgumentError(absl::StrCat("at character ", at + 1, ": ", what));
}

// Returns the number of the axis of that name; `before` stands before it.
absl::StatusOr<size_t> AxisNamed(absl::string_view name, const std::vector<std::string>& axes,
                                 absl::string_view before) {
  const auto found = std::find(axes.begin(), axes.end(), name);
  if (found != axes.end()) return static_cast<size_t>(found - axes.begin());
  return Wrong(before, absl::StrCat("no axis is called ", Quoted(name), "; expected ",
                                    absl::StrJoin(axes, ", "), ", or {{ for a brace"));
}

}  // namespace

absl::StatusOr<TextTemplate> TextTemplate::Parse(absl::string_view text,
                                                 const std::vector<std::string>& axes) {
  TextTemplate parsed;
  Piece piece;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool doubled = i + 1 < text.size() && text[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      piece.text += c;
      ++i;
    } else if (c == '}') {
      return Wrong(text.substr(0, i), "a } that closes nothing; write }} for a brace");
    } else if (c == '{') {
      const size_t end = text.find('}', i);
      if (end == absl::string_view::npos) {
        return Wrong(text.substr(0, i), "a { that nothing closes; write {{ for a brace");
      }
      ASSIGN_OR_RETURN(piece.axis,
                       AxisNamed(text.substr(i + 1, end - i - 1), axes, text.substr(0, i)));
      parsed.pieces_.push_back(std::move(piece));
      piece = {};
      i = end;
    } else {
      piece.text += c;
    }
  }
  if (!piece.text.empty()) parsed.pieces_.push_back(std::move(piece));
  return parsed;
}

std::string TextTemplate::Fill(const std::function<absl::string_view(size_t)>& text_of) const {
  std::string filled;
  for (const Piece& piece : pieces_) {
    absl::StrAppend(&filled, piece.text, piece.axis ? text_of(*piece.axis) : "");
  }
  return filled;
}

size_t TextTemplate::fixed_bytes() const {
  size_t bytes = 0;
  for (const Piece& piece : pieces_) bytes += piece.text.size();
  return bytes;
}

size_t TextTemplate::Count(size_t axis) const {
  return static_cast<size_t>(
      absl::c_count_if(pieces_, [&](const Piece& piece) { return piece.axis == axis; }));
}

}  // namespace imprint::sets
