#include "text/prompt_words.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace imprint {
namespace {

struct NetworkKind {
  absl::string_view name;
  absl::string_view what;
};

// Of AUTOMATIC1111's web UI and its extensions.
constexpr NetworkKind kNetworkKinds[] = {
    {"lora", "a LoRA"},    {"lyco", "a LyCORIS"},          {"locon", "a LyCORIS"},
    {"loha", "a LyCORIS"}, {"hypernet", "a hypernetwork"},
};

// Nothing if `call`, with its angle brackets, is none.
const NetworkKind* KindOfCall(absl::string_view call) {
  const auto* const found = std::find_if(
      std::begin(kNetworkKinds), std::end(kNetworkKinds), [&](const NetworkKind& kind) {
        return absl::StartsWithIgnoreCase(call.substr(1), absl::StrCat(kind.name, ":"));
      });
  return found == std::end(kNetworkKinds) ? nullptr : found;
}

// What stands in <> from `position` on, with the brackets; empty if nothing does.
absl::string_view BracketedAt(absl::string_view prompt, size_t position) {
  if (prompt[position] != '<') return {};
  const size_t end = prompt.find_first_of("<>", position + 1);
  if (end == absl::string_view::npos || prompt[end] == '<' || end == position + 1) return {};
  return prompt.substr(position, end - position + 1);
}

bool IsOneWord(absl::string_view bracketed) {
  return std::none_of(bracketed.begin(), bracketed.end(),
                      [](char c) { return absl::ascii_isspace(c) || absl::ascii_iscntrl(c); });
}

// Brackets of emphasis part a prompt into pieces, and end words: so it is read.
void FindTokens(const std::vector<WeightedText>& pieces, const WrittenTokens& known,
                std::set<std::string>& tokens) {
  for (const WeightedText& piece : pieces) {
    for (size_t i = 0; i < piece.text.size();) {
      const auto match = known.LongestAt(piece.text, i);
      if (match) tokens.insert(*match.token);
      i += match ? match.size : 1;
    }
  }
}

// A name may have brackets of its own: the prompt is looked at as it was written.
void FindUnknown(absl::string_view prompt, const WrittenTokens& known, PromptWords& words) {
  for (size_t i = 0; i < prompt.size();) {
    if (const auto match = known.LongestAt(prompt, i)) {
      i += match.size;
      continue;
    }
    const absl::string_view bracketed = BracketedAt(prompt, i);
    if (!bracketed.empty()) {
      if (KindOfCall(bracketed) != nullptr) {
        words.network_calls.emplace(bracketed);
      } else if (IsOneWord(bracketed)) {
        words.unknown.emplace(bracketed);
      }
    }
    i += std::max<size_t>(1, bracketed.size());
  }
}

}  // namespace

PromptWords FindPromptWords(absl::string_view prompt, PromptStyle style,
                            const WrittenTokens& known) {
  PromptWords words;
  const auto pieces = ParsePrompt(prompt, style, known);
  if (!pieces.ok()) return words;
  FindTokens(*pieces, known, words.tokens);
  FindUnknown(prompt, known, words);
  return words;
}

void Merge(const PromptWords& words, PromptWords& all) {
  all.tokens.insert(words.tokens.begin(), words.tokens.end());
  all.unknown.insert(words.unknown.begin(), words.unknown.end());
  all.network_calls.insert(words.network_calls.begin(), words.network_calls.end());
}

std::string AboutUnknownWord(absl::string_view word) {
  return absl::StrCat("no embedding has the token ", word, "; the model reads it as ordinary text");
}

std::string AboutNetworkCall(absl::string_view call) {
  const NetworkKind* kind = KindOfCall(call);
  return absl::StrCat(call, " calls ", kind == nullptr ? "a network" : kind->what,
                      ", which is not used here; the model reads it as ordinary text");
}

}  // namespace imprint
