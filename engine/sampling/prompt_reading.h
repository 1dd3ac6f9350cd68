// Turns a request's prompts into tokens. Needs no LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/node_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "engine/sampling/picture_request.h"
#include "text/clip_tokenizer.h"
#include "text/concept_vocabulary.h"

namespace imprint::engine {

// Parses and tokenizes a prompt. INVALID_ARGUMENT if the style does not allow it; see ParsePrompt.
absl::StatusOr<ChunkedPrompt> ReadPrompt(const ClipTokenizer& tokenizer,
                                         const ConceptVocabulary& concepts,
                                         absl::string_view prompt, PromptStyle style);

// The prompts that a picture is drawn with, as its PromptReader read them. A plain value.
struct PromptPair {
  const ChunkedPrompt* positive = nullptr;
  const ChunkedPrompt* negative = nullptr;  // null without guidance

  // Returns the number of chunks of the longer one. Pictures with different numbers cannot share a
  // batch.
  size_t chunks() const;
  // Returns how many of the two the network reads.
  int64_t count() const { return negative == nullptr ? 1 : 2; }
};

// Reads each prompt once, however many pictures share it, and keeps what it has read: about a
// kilobyte for each 75 tokens. Not thread-safe; the tokenizer and the concepts must outlive it.
class PromptReader {
 public:
  PromptReader(const ClipTokenizer& tokenizer, const ConceptVocabulary& concepts)
      : tokenizer_(tokenizer), concepts_(concepts) {}

  // Returns a request's prompts, which stay where they are as long as the reader lives.
  // INVALID_ARGUMENT naming the prompt that cannot be read.
  absl::StatusOr<PromptPair> Read(const PictureRequest& request);

  // Returns the prompt without a word, which is the same in every style.
  const ChunkedPrompt& EmptyPrompt();

 private:
  absl::StatusOr<const ChunkedPrompt*> Read(absl::string_view field, const std::string& prompt,
                                            PromptStyle style);

  const ClipTokenizer& tokenizer_;
  const ConceptVocabulary& concepts_;
  absl::node_hash_map<std::pair<std::string, PromptStyle>, ChunkedPrompt> prompts_;
};

}  // namespace imprint::engine
