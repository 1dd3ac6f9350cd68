// CLIP's tokenizer, which turns a prompt into the 77 ids that the text encoder reads (Radford et
// al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"). It gives the
// ids that transformers' CLIPTokenizer gives.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "text/added_tokens.h"
#include "text/byte_pair_encoding.h"
#include "text/concept_vocabulary.h"
#include "text/prompt_syntax.h"

namespace imprint {

// The place of one vector of a concept.
struct ConceptPlace {
  int position;  // in TokenizedPrompt::ids
  int row;       // row of the stacked embeddings, as ConceptVocabulary numbers them
};

struct TokenizedPrompt {
  // Start, at most length - 2 tokens, end, padding. At a concept's places stands the end token's
  // id: whoever looks up embeddings puts the concept's rows there.
  std::vector<int32_t> ids;
  std::vector<ConceptPlace> concept_places;
  // The prompt's number of tokens, and how many of them fitted.
  int tokens = 0;
  int kept = 0;
};

// The most chunks of a prompt that are read: 600 tokens where a chunk has room for 75.
inline constexpr size_t kMaxPromptChunks = 8;

// A prompt of any length, in chunks that the text encoder reads one by one.
struct ChunkedPrompt {
  // At least one, at most kMaxPromptChunks; each with its own tokens, all kept.
  std::vector<TokenizedPrompt> chunks;
  // The emphasis of each id, chunk after chunk; 1 at start, end and padding.
  std::vector<float> weights;
  // The whole prompt's number of tokens, and how many of them fitted.
  int tokens = 0;
  int kept = 0;
};

// A loaded vocabulary. Immutable; thread-safe.
class ClipTokenizer {
 public:
  // Reads vocabulary and merges (see BytePairEncoding::Load), tokens that were added to them (see
  // AddedTokens::Load), and tokenizer_config.json and special_tokens_map.json for the padding
  // token: the end token in SD 1.x, "!" in SD 2.x. Errors name the file.
  static absl::StatusOr<ClipTokenizer> Load(const std::filesystem::path& folder);

  // Makes a tokenizer with CLIP's own vocabulary, which is built into the program: that of every SD
  // 1.x and 2.x model. `padding` fills prompts up.
  static absl::StatusOr<ClipTokenizer> Standard(absl::string_view padding);

  // Encodes the prompt as text, cut where the first chunk is full.
  TokenizedPrompt Encode(absl::string_view prompt, const ConceptVocabulary& concepts) const;

  // Encodes into chunks, which it fills as AUTOMATIC1111's web UI does, without its moving of text
  // that follows a comma. Each piece is read by itself: no word and no concept crosses its ends. A
  // concept's vectors all stand in one chunk: if they do not fit into what is left of one, the rest
  // of it is padding.
  ChunkedPrompt EncodeChunks(std::span<const WeightedText> pieces,
                             const ConceptVocabulary& concepts) const;

  // Returns true if `word`, normalised, is one entry of the vocabulary.
  bool IsKnownWord(absl::string_view word) const;

  // Returns the ids of `text` alone: no start, end or padding, no limit.
  std::vector<int32_t> EncodeBare(absl::string_view text) const;

  int length() const { return length_; }
  // The sizes of the vocabulary, and of it with the tokens that were added.
  int32_t vocabulary_size() const { return encoding_.size(); }
  int32_t size_with_added() const { return std::max(encoding_.size(), added_.end_id()); }
  // Returns the words that a prompt may hold besides CLIP's own, as they are written.
  std::vector<std::string> AddedWords() const;
  // Drops the added tokens for which a table of `rows` rows has none, and returns them.
  std::vector<std::string> LimitAddedTokens(int32_t rows) { return added_.Limit(rows); }
  int32_t end_id() const { return end_id_; }

 private:
  ClipTokenizer() = default;

  // Looks the special tokens up. `origin` is what errors call the vocabulary.
  absl::Status FindSpecialTokens(absl::string_view padding, absl::string_view origin);

  struct Sequence;
  class ChunkWriter;
  void AppendText(absl::string_view text, const ConceptVocabulary& concepts,
                  Sequence& sequence) const;
  void AppendSegment(absl::string_view segment, const ConceptVocabulary& concepts,
                     Sequence& sequence) const;
  void AppendWords(absl::string_view text, Sequence& sequence) const;
  Sequence Split(absl::string_view prompt, const ConceptVocabulary& concepts) const;

  BytePairEncoding encoding_;
  AddedTokens added_;
  int32_t start_id_ = 0;
  int32_t end_id_ = 0;
  int32_t padding_id_ = 0;
  // A padding token that is not the end token means padding in a prompt, too: "!" in SD 2.x.
  std::string marker_;
  int length_ = 77;
};

}  // namespace imprint
