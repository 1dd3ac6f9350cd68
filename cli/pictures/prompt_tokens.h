// Concepts' tokens in the prompts of one command.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "text/prompt_syntax.h"
#include "text/prompt_words.h"

namespace imprint::cli {

// The prompt with each token replaced by its class word, as the tokenizer would find them. Tokens
// without a class word stay; a prompt that is no UTF-8 has none.
std::string WithClassWords(absl::string_view prompt,
                           const std::map<std::string, std::string>& class_words);

// All that a command gives to be read.
struct PromptTexts {
  std::vector<std::string> prompts;
  // A prompt, too, which may name concepts.
  std::string negative;
  PromptStyle style = PromptStyle::kEmphasis;
};

// What all of it names.
PromptWords WordsIn(const PromptTexts& texts, const std::set<std::string>& tokens);

// What is to be told of a command's prompts before they are drawn: of unknown words and networks'
// calls, which are drawn as text, ...
std::vector<std::string> WarningsOfText(const PromptWords& words);
// ... and of each of the `given` tokens that no prompt has.
std::vector<std::string> WarningsOfUnused(const PromptWords& words,
                                          const std::set<std::string>& given);

}  // namespace imprint::cli
