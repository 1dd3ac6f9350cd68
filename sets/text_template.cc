#include "sets/text_template.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::sets {
namespace {

absl::Status Wrong(size_t at, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, " at character ", at + 1));
}

// Returns the number of the axis of that name; `at` is where it stands.
absl::StatusOr<size_t> AxisNamed(absl::string_view name, const std::vector<std::string>& axes,
                                 size_t at) {
  const auto found = std::find(axes.begin(), axes.end(), name);
  if (found != axes.end()) return static_cast<size_t>(found - axes.begin());
  return Wrong(at, absl::StrCat("no axis is called ", Quoted(name), "; expected ",
                                absl::StrJoin(axes, ", "), ", or {{ for a brace,"));
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
      return Wrong(i, "a } that closes nothing; write }} for a brace,");
    } else if (c == '{') {
      const size_t end = text.find('}', i);
      if (end == absl::string_view::npos) {
        return Wrong(i, "a { that nothing closes; write {{ for a brace,");
      }
      ASSIGN_OR_RETURN(piece.axis, AxisNamed(text.substr(i + 1, end - i - 1), axes, i));
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

size_t TextTemplate::Size(const std::function<absl::string_view(size_t)>& text_of) const {
  size_t size = 0;
  for (const Piece& piece : pieces_) {
    size += piece.text.size() + (piece.axis ? text_of(*piece.axis).size() : 0);
  }
  return size;
}

bool TextTemplate::Has(size_t axis) const {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [&](const Piece& piece) { return piece.axis == axis; });
}

}  // namespace imprint::sets
