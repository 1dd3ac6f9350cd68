// The placeholder tokens of the concepts that a prompt may use.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "text/written_tokens.h"

namespace imprint {

// The longest token of a concept, in bytes.
inline constexpr size_t kMaxTokenBytes = 100;

class ClipTokenizer;

// Holds tokens in the order in which they were added. Concept k's vectors are rows first_row ..
// first_row + n - 1 of the matrix that stacks all concepts' embeddings in that order. Not
// thread-safe while Add runs; afterwards immutable.
class ConceptVocabulary {
 public:
  struct Entry {
    std::string token;
    std::string normalized;
    int first_row;
    int vectors;
  };

  // Adds a token with n vectors. Tokens match without regard to case, as all text does for CLIP.
  // INVALID_ARGUMENT, naming `token`, if it is empty, longer than 100 bytes or not UTF-8, has white
  // space or control characters, is a special token, was added before, or is already a word that
  // the model knows.
  absl::Status Add(absl::string_view token, int vectors, const ClipTokenizer& tokenizer);

  // Returns the longest token that stands apart at `position` of normalised text, if any.
  const Entry* Match(absl::string_view text, size_t position) const;

  // Returns the tokens for prompts that have not been parsed yet.
  const WrittenTokens& written() const { return written_; }

  const std::vector<Entry>& entries() const { return entries_; }
  int rows() const { return rows_; }

 private:
  std::vector<Entry> entries_;
  WrittenTokens written_;
  // Indices into entries_ by first byte, longest token first.
  absl::flat_hash_map<char, std::vector<size_t>> by_first_byte_;
  int rows_ = 0;
};

}  // namespace imprint
