// Finds concepts' tokens in the prompts of one command.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "text/prompt_syntax.h"
#include "text/prompt_words.h"

namespace imprint::cli {

// Returns the prompt with each token replaced by its class word, as the tokenizer would find them.
// Tokens without a class word stay; a prompt that is not UTF-8 has no tokens.
std::string WithClassWords(absl::string_view prompt,
                           const std::map<std::string, std::string>& class_words);

// All texts of a command that may name concepts.
struct PromptTexts {
  std::vector<std::string> prompts;
  // The negative prompt, which may name concepts, too.
  std::string negative;
  PromptStyle style = PromptStyle::kEmphasis;
};

// Returns what all of these texts name.
PromptWords WordsIn(const PromptTexts& texts, const std::set<std::string>& tokens);

// Returns warnings about a command's prompts, to be given before they are drawn: about unknown
// words and networks' calls, which are drawn as text.
std::vector<std::string> WarningsOfText(const PromptWords& words);
// Returns a warning for each of the `given` tokens that no prompt has.
std::vector<std::string> WarningsOfUnused(const PromptWords& words,
                                          const std::set<std::string>& given);

}  // namespace imprint::cli
