// Caches the hidden states of prompts: a set of pictures uses the same few prompts again and again.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include <ATen/ATen.h>

#include "engine/model/base_model.h"
#include "engine/sampling/concept_set.h"
#include "engine/sampling/prompt_reading.h"

namespace imprint::engine {

// Bounded; not thread-safe. The model, the concepts and all prompts must outlive it, and prompts
// stay where they are: the cache knows them by their addresses.
class PromptCache {
 public:
  PromptCache(const BaseModel& model, const ConceptSet& concepts, const ChunkedPrompt& empty)
      : model_(model), concepts_(concepts), empty_(empty) {}

  // Returns what the UNet attends to: negative prompt and prompt [2, tokens, width], or the prompt
  // alone [1, ...] without guidance. The shorter of the two is padded with chunks of an empty
  // prompt.
  at::Tensor Context(const PromptPair& prompts, int clip_skip);

 private:
  // A prompt, and the layer of its encoder that is read.
  using Key = std::pair<const ChunkedPrompt*, int>;

  // Encodes a prompt, [chunks, tokens per chunk, width].
  at::Tensor Encode(const Key& key);

  const BaseModel& model_;
  const ConceptSet& concepts_;
  const ChunkedPrompt& empty_;
  absl::flat_hash_map<Key, at::Tensor> states_;
  int64_t chunks_ = 0;  // the number of chunks in states_
};

}  // namespace imprint::engine
