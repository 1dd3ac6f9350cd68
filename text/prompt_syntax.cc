#include "text/prompt_syntax.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "text/unicode_text.h"

namespace imprint {
namespace {

constexpr double kRoundBracket = 1.1;
constexpr double kSquareBracket = 1 / 1.1;
constexpr absl::string_view kBreak = "BREAK";

size_t SkipSpace(absl::string_view text, size_t position) {
  while (position < text.size() && absl::ascii_isspace(text[position])) ++position;
  return position;
}

bool IsRegexWord(int32_t code_point) {
  return IsLetter(code_point) || IsNumber(code_point) || code_point == '_';
}

// A word of its own, as a regular expression's \bBREAK\b would find it.
bool IsBreakAt(absl::string_view text, size_t position) {
  if (!absl::StartsWith(text.substr(position), kBreak)) return false;
  size_t begin = position;
  size_t end = position + kBreak.size();
  return (begin == 0 || !IsRegexWord(PreviousCodePoint(text, begin))) &&
         (end == text.size() || !IsRegexWord(NextCodePoint(text, end)));
}

// ":1.5)", which ends a bracket with a weight.
struct ExplicitWeight {
  absl::string_view number;
  size_t end = 0;  // 0 if there is none
};

ExplicitWeight WeightAt(absl::string_view text, size_t position) {
  if (text[position] != ':') return {};
  const size_t begin = SkipSpace(text, position + 1);
  size_t end = begin;
  if (end < text.size() && (text[end] == '+' || text[end] == '-')) ++end;
  const size_t digits = end;
  while (end < text.size() && (absl::ascii_isdigit(text[end]) || text[end] == '.')) ++end;
  const size_t close = SkipSpace(text, end);
  if (end == digits || close == text.size() || text[close] != ')') return {};
  return {text.substr(begin, end - begin), close + 1};
}

// One pass over a prompt. A bracket's weight is known where it closes; it then multiplies all
// pieces since it opened. As only so many are open at a time, a piece is multiplied only so often.
class EmphasisParser {
 public:
  EmphasisParser(absl::string_view prompt, const WrittenTokens& concepts)
      : prompt_(prompt), concepts_(concepts) {}

  absl::StatusOr<std::vector<WeightedText>> Parse() {
    for (size_t i = 0; i < prompt_.size();) {
      ASSIGN_OR_RETURN(i, ReadAt(i));
    }
    for (const size_t first : round_) Multiply(first, kRoundBracket);
    for (const size_t first : square_) Multiply(first, kSquareBracket);
    return Merged();
  }

 private:
  // Reads what begins at `i`, and gives where the next begins.
  absl::StatusOr<size_t> ReadAt(size_t i) {
    if (const auto found = concepts_.LongestAt(prompt_, i)) return AppendText(i, found.size);
    const ExplicitWeight weight = WeightAt(prompt_, i);
    if (weight.end > 0 && !round_.empty()) return CloseWith(weight);
    if (IsBreakAt(prompt_, i)) return Break(i);
    switch (prompt_[i]) {
      case '\\':
        return Escape(i);
      case '(':
        return Open(i, round_);
      case '[':
        return Open(i, square_);
      case ')':
        return Close(i, kRoundBracket, round_);
      case ']':
        return Close(i, kSquareBracket, square_);
      default:
        return AppendText(i, 1);
    }
  }

  size_t AppendText(size_t i, size_t size) {
    if (!open_) pieces_.emplace_back();
    open_ = true;
    absl::StrAppend(&pieces_.back().text, prompt_.substr(i, size));
    return i + size;
  }

  size_t Escape(size_t i) {
    constexpr absl::string_view kEscaped = "\\()[]";
    const size_t next = i + 1;
    const bool escapes = next < prompt_.size() && absl::StrContains(kEscaped, prompt_[next]);
    return escapes ? AppendText(next, 1) : next;
  }

  absl::StatusOr<size_t> Open(size_t i, std::vector<size_t>& brackets) {
    if (round_.size() + square_.size() == size_t{kMaxOpenBrackets}) {
      return FieldError("brackets", absl::StrCat("more than ", kMaxOpenBrackets, " open at once"),
                        "fewer; \\( and \\[ stand for the characters");
    }
    brackets.push_back(pieces_.size());
    open_ = false;
    return i + 1;
  }

  size_t Close(size_t i, double weight, std::vector<size_t>& brackets) {
    if (brackets.empty()) return AppendText(i, 1);
    Multiply(brackets.back(), weight);
    brackets.pop_back();
    open_ = false;
    return i + 1;
  }

  absl::StatusOr<size_t> CloseWith(const ExplicitWeight& weight) {
    double factor = 0;
    if (!absl::SimpleAtod(weight.number, &factor)) {
      return FieldError("weight", Quoted(weight.number), "a number such as 1.2");
    }
    return Close(weight.end - 1, factor, round_);
  }

  size_t Break(size_t i) {
    if (!open_) pieces_.emplace_back();
    absl::StripTrailingAsciiWhitespace(&pieces_.back().text);
    pieces_.push_back({.new_chunk = true});
    open_ = true;
    return SkipSpace(prompt_, i + kBreak.size());
  }

  void Multiply(size_t first, double weight) {
    for (size_t i = first; i < pieces_.size(); ++i) pieces_[i].weight *= weight;
  }

  absl::StatusOr<std::vector<WeightedText>> Merged() {
    std::vector<WeightedText> merged;
    for (WeightedText& piece : pieces_) {
      // Written so that NaN fails.
      if (!(piece.weight >= -kMaxEmphasis && piece.weight <= kMaxEmphasis)) {
        return FieldError("weight", absl::StrCat(piece.weight, " of ", Quoted(piece.text)),
                          absl::StrCat("a number from -", kMaxEmphasis, " to ", kMaxEmphasis));
      }
      if (!merged.empty() && !piece.new_chunk && merged.back().weight == piece.weight) {
        merged.back().text += piece.text;
      } else {
        merged.push_back(std::move(piece));
      }
    }
    if (merged.empty()) merged.emplace_back();
    return merged;
  }

  absl::string_view prompt_;
  const WrittenTokens& concepts_;
  std::vector<WeightedText> pieces_;
  // Whether text goes on in the last piece: no bracket has come since.
  bool open_ = false;
  // The pieces that open brackets begin with, by kind: "([)" closes the round one.
  std::vector<size_t> round_;
  std::vector<size_t> square_;
};

}  // namespace

absl::string_view Name(PromptStyle style) { return kPromptStyles[static_cast<int>(style)]; }

absl::StatusOr<PromptStyle> ParsePromptStyle(absl::string_view name) {
  for (const PromptStyle style : {PromptStyle::kEmphasis, PromptStyle::kLiteral}) {
    if (name == Name(style)) return style;
  }
  return FieldError("prompt_style", Quoted(name), "\"emphasis\" or \"literal\"");
}

absl::StatusOr<std::vector<WeightedText>> ParsePrompt(absl::string_view prompt, PromptStyle style,
                                                      const WrittenTokens& concepts) {
  if (!IsUtf8(prompt)) return FieldError("text", Quoted(prompt), "UTF-8");
  if (style == PromptStyle::kLiteral) {
    return std::vector<WeightedText>{{.text = std::string(prompt)}};
  }
  return EmphasisParser(prompt, concepts).Parse();
}

std::string WithoutWeights(absl::string_view prompt, PromptStyle style,
                           const WrittenTokens& concepts) {
  const auto pieces = ParsePrompt(prompt, style, concepts);
  if (!pieces.ok()) return std::string(prompt);
  std::string words;
  for (const WeightedText& piece : *pieces) {
    absl::StrAppend(&words, piece.new_chunk ? " " : "", piece.text);
  }
  return words;
}

}  // namespace imprint
