#include "cli/options/prompt_tokens.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

#include "text/unicode_text.h"
#include "text/written_tokens.h"

namespace imprint {
namespace {

// What stands in <> from `position` on, with the brackets; empty if no word does.
absl::string_view BracketedWordAt(absl::string_view prompt, size_t position) {
  if (prompt[position] != '<') return {};
  const size_t end = prompt.find('>', position);
  if (end == absl::string_view::npos || end == position + 1) return {};
  const absl::string_view word = prompt.substr(position, end - position + 1);
  const bool one_word = std::none_of(word.begin() + 1, word.end(), [](char c) {
    return absl::ascii_isspace(c) || absl::ascii_iscntrl(c) || c == '<';
  });
  return one_word ? word : absl::string_view();
}

WrittenTokens Written(const std::set<std::string>& tokens) {
  return WrittenTokens({tokens.begin(), tokens.end()});
}

}  // namespace

std::string WithClassWords(absl::string_view prompt,
                           const std::map<std::string, std::string>& class_words) {
  if (!IsUtf8(prompt)) return std::string(prompt);
  WrittenTokens tokens;
  for (const auto& [token, word] : class_words) {
    if (!word.empty()) tokens.Add(token);
  }
  std::string result;
  for (size_t i = 0; i < prompt.size();) {
    const std::string* token = tokens.LongestAt(prompt, i);
    if (token == nullptr) {
      result.push_back(prompt[i++]);
    } else {
      result += class_words.at(*token);
      i += token->size();
    }
  }
  return result;
}

std::set<std::string> TokensIn(const std::vector<std::string>& prompts,
                               const std::set<std::string>& tokens) {
  const WrittenTokens written = Written(tokens);
  std::set<std::string> found;
  for (const std::string& prompt : prompts) {
    if (!IsUtf8(prompt)) continue;
    for (size_t i = 0; i < prompt.size();) {
      const std::string* token = written.LongestAt(prompt, i);
      if (token != nullptr) found.insert(*token);
      i += token == nullptr ? 1 : token->size();
    }
  }
  return found;
}

std::set<std::string> UnknownTokensIn(const std::vector<std::string>& prompts,
                                      const std::set<std::string>& tokens) {
  const WrittenTokens written = Written(tokens);
  std::set<std::string> unknown;
  for (const std::string& prompt : prompts) {
    if (!IsUtf8(prompt)) continue;
    for (size_t i = 0; i < prompt.size();) {
      if (const std::string* token = written.LongestAt(prompt, i)) {
        i += token->size();
        continue;
      }
      const absl::string_view word = BracketedWordAt(prompt, i);
      if (!word.empty()) unknown.emplace(word);
      ++i;
    }
  }
  return unknown;
}

}  // namespace imprint
