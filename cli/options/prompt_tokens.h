// Concepts' tokens in prompts, found as the tokenizer would find them: without regard to case, the
// longest first, and never inside a word. Prompts that are no UTF-8 have none.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace imprint {

// The prompt with each token replaced by its class word. Tokens without a class word stay.
std::string WithClassWords(absl::string_view prompt,
                           const std::map<std::string, std::string>& class_words);

// Which of `tokens` stand in any of the prompts.
std::set<std::string> TokensIn(const std::vector<std::string>& prompts,
                               const std::set<std::string>& tokens);

// Words in angle brackets that are none of `tokens`, such as "<rex>": what looks like a concept's
// token but is not.
std::set<std::string> UnknownTokensIn(const std::vector<std::string>& prompts,
                                      const std::set<std::string>& tokens);

}  // namespace imprint
