// Tokens that were added to a tokenizer beyond CLIP's vocabulary, such as a concept that was baked
// into a model's folder. They are found where transformers 5.23 finds them, and treated as its
// pipelines do.
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

// Immutable except for Limit; thread-safe afterwards.
class AddedTokens {
 public:
  struct Token {
    std::string content;
    int32_t id;
    // Whether it is looked up in normalised text, which is in lower case, by its content in that
    // form; otherwise in text as it was given.
    bool normalized;
    // Whether it counts only where it does not touch a letter, a number or "_".
    bool single_word;
    // Whether white space before and after it is part of the match.
    bool takes_left_space;
    bool takes_right_space;
    std::string found_as;  // the content, normalised if `normalized` says so
  };

  // A stretch of text, or a token that was found.
  struct Piece {
    absl::string_view text;
    const Token* token = nullptr;
  };

  // Reads a tokenizer's folder: added_tokens_decoder of tokenizer_config.json or, if that is
  // missing, added_tokens.json and the added_tokens of tokenizer.json, which takes precedence if
  // both name an id. Then it reads extra_special_tokens. Tokens in the vocabulary keep their ids;
  // the others follow it in the order of the ids that they have in the files. INVALID_ARGUMENT
  // naming file and token.
  static absl::StatusOr<AddedTokens> Load(const std::filesystem::path& folder,
                                          const BytePairEncoding& vocabulary);

  const std::vector<Token>& tokens() const { return tokens_; }
  // Returns one more than the largest id, or 0.
  int32_t end_id() const { return end_id_; }

  // Removes the tokens whose ids are `rows` or more, and returns them.
  std::vector<std::string> Limit(int32_t rows);

  // Returns the longest of the tokens that stands at `position` of text of that form, whatever its
  // neighbours are; nullptr if none does.
  const Token* LongestAt(absl::string_view text, size_t position, bool normalized) const;
  // Returns whether the neighbours let that token count. If not, no other token in its place counts
  // instead.
  static bool StandsAsItMust(const Token& token, absl::string_view text, size_t position);

  // Splits the text into pieces, in order, without empty ones: the first token from the left, the
  // longest if there are several, and so on after it. `normalized` says which of the tokens to look
  // for, and which form the text has.
  std::vector<Piece> Split(absl::string_view text, bool normalized) const;

  // Returns the prompt with every "<rex>" that was found followed by "<rex>_1", "<rex>_2", ... as
  // far as there are such tokens: Diffusers (0.42.1, maybe_convert_prompt) draws a concept of
  // several vectors by one word in this way. As in Diffusers, a word in another case than the
  // token's is found but not followed.
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
  // Builds what is derived from tokens_, once they are all there.
  void MakeIndex();

  std::vector<Token> tokens_;
  int32_t end_id_ = 0;
  absl::flat_hash_set<std::string> contents_;
  // Indices into tokens_, sorted by the bytes of found_as: for text as it was given, and for
  // normalised text.
  std::array<std::vector<size_t>, 2> in_order_;
};

}  // namespace imprint
