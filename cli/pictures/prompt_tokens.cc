#include "cli/pictures/prompt_tokens.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

#include "text/unicode_text.h"
#include "text/written_tokens.h"

namespace imprint::cli {

std::string WithClassWords(absl::string_view prompt,
                           const std::map<std::string, std::string>& class_words) {
  if (!IsUtf8(prompt)) return std::string(prompt);
  WrittenTokens tokens;
  for (const auto& [token, word] : class_words) {
    if (!word.empty()) tokens.Add(token);
  }
  std::string result;
  for (size_t i = 0; i < prompt.size();) {
    if (const auto match = tokens.LongestAt(prompt, i)) {
      result += class_words.at(*match.token);
      i += match.size;
    } else {
      result.push_back(prompt[i++]);
    }
  }
  return result;
}

PromptWords WordsIn(const PromptTexts& texts, const std::set<std::string>& tokens) {
  const WrittenTokens known({tokens.begin(), tokens.end()});
  PromptWords words = FindPromptWords(texts.negative, texts.style, known);
  for (const std::string& prompt : texts.prompts) {
    Merge(FindPromptWords(prompt, texts.style, known), words);
  }
  return words;
}

std::vector<std::string> WarningsOfText(const PromptWords& words) {
  std::vector<std::string> warnings;
  for (const std::string& word : words.unknown) warnings.push_back(AboutUnknownWord(word));
  for (const std::string& call : words.network_calls) warnings.push_back(AboutNetworkCall(call));
  return warnings;
}

std::vector<std::string> WarningsOfUnused(const PromptWords& words,
                                          const std::set<std::string>& given) {
  std::vector<std::string> warnings;
  for (const std::string& token : given) {
    if (words.tokens.count(token) > 0) continue;
    warnings.push_back(absl::StrCat("no prompt has ", token,
                                    ", the token of an embedding that was given; it is not used"));
  }
  return warnings;
}

}  // namespace imprint::cli
