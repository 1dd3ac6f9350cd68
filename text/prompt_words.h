// Finds the concepts that a prompt names, and what in it looks like a name but is none.
#pragma once

#include <set>
#include <string>

#include "absl/strings/string_view.h"

#include "text/prompt_syntax.h"
#include "text/written_tokens.h"

namespace imprint {

struct PromptWords {
  // The tokens that the tokenizer will find, in the form in which they are known.
  std::set<std::string> tokens;
  // Words in angle brackets that are not among them: "<rec>", where "<rex>" is known.
  std::set<std::string> unknown;
  // Calls of the web UI's networks, which mean nothing here: "<lora:name:1>".
  std::set<std::string> network_calls;
};

// Finds one prompt's words. A prompt that cannot be read, such as one with a weight beyond all
// limits, has none: ParsePrompt says what is wrong with it.
PromptWords FindPromptWords(absl::string_view prompt, PromptStyle style,
                            const WrittenTokens& known);

// Adds the words of another prompt.
void Merge(const PromptWords& words, PromptWords& all);

// Return the text about an unknown word, and about a network's call: "no embedding has the token
// <rec>; the model reads it as ordinary text".
std::string AboutUnknownWord(absl::string_view word);
std::string AboutNetworkCall(absl::string_view call);

}  // namespace imprint
