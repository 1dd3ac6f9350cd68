// Tokens that were added to a tokenizer beyond CLIP's vocabulary, as a concept that was baked into
// a model's folder is: where transformers 5.23 finds them, and what its pipelines make of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "text/byte_pair_encoding.h"

namespace imprint {

// Immutable but for Limit; thread-safe afterwards.
class AddedTokens {
 public:
  struct Token {
    std::string content;
    int32_t id;
    // Found in normalised text, which is in lower case, and by its content in that form; else in
    // text as it was given.
    bool normalized;
    // Counts only where it does not touch a letter, a number or "_".
    bool single_word;
    // Whether white space before and after it is part of what was found.
    bool takes_left_space;
    bool takes_right_space;
    std::string found_as;  // the content, normalised where that is looked for
  };

  // A stretch of text, or a token that was found.
  struct Piece {
    absl::string_view text;
    const Token* token = nullptr;
  };

  // Reads a tokenizer's folder: added_tokens_decoder of tokenizer_config.json, or where it has none
  // added_tokens.json and the added_tokens of tokenizer.json, the latter before the former where
  // both name an id. Then extra_special_tokens. What is in the vocabulary keeps its id, the others
  // follow it in the order of the ids that they have in the files. INVALID_ARGUMENT naming file and
  // token.
  static absl::StatusOr<AddedTokens> Load(const std::filesystem::path& folder,
                                          const BytePairEncoding& vocabulary);

  const std::vector<Token>& tokens() const { return tokens_; }
  // One more than the largest id, or 0.
  int32_t end_id() const { return end_id_; }

  // Takes away the tokens whose ids are `rows` or more, and says which.
  std::vector<std::string> Limit(int32_t rows);

  // The longest of the tokens that stands at `position` of text of that form, whatever its
  // neighbours are; nullptr if none does.
  const Token* LongestAt(absl::string_view text, size_t position, bool normalized) const;
  // Whether the neighbours let that token count. If not, none in its place counts instead.
  static bool StandsAsItMust(const Token& token, absl::string_view text, size_t position);

  // The text in pieces, in order, without empty ones: the first token from the left, of several
  // there the longest, and so on after it. `normalized` says which of the tokens to look for, and
  // what form the text has.
  std::vector<Piece> Split(absl::string_view text, bool normalized) const;

  // The prompt with every "<rex>" that was found followed by "<rex>_1", "<rex>_2", ... as far as
  // there are such tokens: Diffusers (0.42.1, maybe_convert_prompt) draws a concept of several
  // vectors by one word so. As there, a word in another case than the token's is found and not
  // followed.
  std::string Spread(absl::string_view prompt) const;

 private:
  struct Match {
    const Token* token;
    size_t begin;
    size_t end;
  };

  absl::Status Add(const std::string& origin, Token token, const BytePairEncoding& vocabulary);
  std::vector<Match> Find(absl::string_view text, bool normalized) const;
  bool Has(absl::string_view content) const { return contents_.contains(content); }
  // What is derived from tokens_, once they are all there.
  void MakeIndex();

  std::vector<Token> tokens_;
  int32_t end_id_ = 0;
  absl::flat_hash_set<std::string> contents_;
  // Indices into tokens_ by what they are found as, in order of its bytes: for text as it was
  // given, and for normalised text.
  std::array<std::vector<size_t>, 2> in_order_;
};

}  // namespace imprint
