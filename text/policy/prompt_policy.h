// What prompts may not say.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "text/prompt_syntax.h"

namespace imprint {

// Words and phrases that are blocked, and phrases that are allowed although they have blocked
// words. Letters are compared without case and without disguises (folded_words.h); what stands
// between words does not matter; a word that ends in "*" is any word that begins so. Immutable once
// filled; then thread-safe.
class PromptPolicy {
 public:
  struct Violation {
    // As the policy has it, and as the prompt has it.
    std::string phrase;
    std::string found;
    // Why, for people; may be empty.
    std::string reason;
  };

  // Adds a phrase. INVALID_ARGUMENT that says what is wrong with it: it has no word, or a "*" that
  // does not end one.
  absl::Status Block(absl::string_view phrase, const std::string& reason);
  absl::Status Allow(absl::string_view phrase);

  size_t blocked() const { return blocked_.phrases.size(); }
  size_t allowed() const { return allowed_.phrases.size(); }

  // Returns the first phrase of a prompt that is blocked. A prompt is looked at as it is read in
  // that style, with the signs of emphasis taken out, and as it is written.
  std::optional<Violation> Find(absl::string_view prompt, PromptStyle style) const;

 private:
  struct Word {
    // In both forms that a prompt's word may have.
    std::string plain;
    std::string skeleton;
    bool is_prefix = false;
  };
  struct Phrase {
    std::string text;
    std::string reason;
    std::vector<Word> words;
  };
  // Phrases, found by their first words.
  struct Phrases {
    std::vector<Phrase> phrases;
    absl::flat_hash_map<std::string, std::vector<size_t>> by_first;
    // Those whose first word is a prefix.
    std::vector<size_t> by_prefix;
  };
  // Where a phrase was found: words from the first to one before the last.
  struct Match {
    size_t phrase = 0;
    size_t first = 0;
    size_t last = 0;
  };

  static absl::Status Add(absl::string_view phrase, const std::string& reason, Phrases& to);
  static std::vector<Match> MatchesOf(const Phrases& phrases,
                                      const std::vector<struct FoldedWord>& words);
  std::optional<Violation> FindIn(absl::string_view text) const;

  Phrases blocked_;
  Phrases allowed_;
};

}  // namespace imprint
