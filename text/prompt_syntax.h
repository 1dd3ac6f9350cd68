// The meaning of brackets in a prompt: the emphasis of AUTOMATIC1111's web UI, for which most
// prompts that people share are written (its modules/prompt_parser.py, parse_prompt_attention).
//
//   (words)      weight × 1.1         \( \) \[ \] \\   the character itself
//   [words]      weight ÷ 1.1         BREAK            what follows starts a new chunk
//   (words:1.5)  weight × 1.5
//
// Brackets nest; one that is never closed weighs everything after it; one that closes nothing is
// text. A backslash before any other character is dropped. Prompt editing ([from:to:when]),
// alternation ([a|b]) and AND are not supported: their brackets only weigh.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "text/written_tokens.h"

namespace imprint {

// How a prompt is read.
enum class PromptStyle {
  kEmphasis,  // as above
  kLiteral,   // every character is text, as in training's captions and in Diffusers
};

// The styles' names, in their order.
inline constexpr absl::string_view kPromptStyles[] = {"emphasis", "literal"};

absl::string_view Name(PromptStyle style);
absl::StatusOr<PromptStyle> ParsePromptStyle(absl::string_view name);

// The largest weight that a word can have, of either sign.
inline constexpr double kMaxEmphasis = 100;

// The most brackets that can be open at once.
inline constexpr int kMaxOpenBrackets = 100;

struct WeightedText {
  std::string text;
  double weight = 1;
  // Whether it follows a BREAK.
  bool new_chunk = false;
};

// Returns the prompt's pieces, in order, at least one; neighbours differ in weight or are separated
// by a BREAK. A concept's token is text, whatever characters it is made of; a BREAK counts inside
// brackets, too. INVALID_ARGUMENT if the prompt is not UTF-8, a weight is not a number or is beyond
// kMaxEmphasis, or brackets nest deeper than kMaxOpenBrackets. Linear in the prompt's length.
absl::StatusOr<std::vector<WeightedText>> ParsePrompt(absl::string_view prompt, PromptStyle style,
                                                      const WrittenTokens& concepts);

// Returns the prompt without its emphasis syntax: its words, for readers that support no weights.
// What ParsePrompt refuses is returned as it is.
std::string WithoutWeights(absl::string_view prompt, PromptStyle style,
                           const WrittenTokens& concepts);

}  // namespace imprint
