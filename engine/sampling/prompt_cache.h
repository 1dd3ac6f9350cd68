// Caches the hidden states of prompts: a set of pictures uses the same few prompts again and again.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include <ATen/ATen.h>

#include "engine/model/base_model.h"
#include "engine/sampling/concept_set.h"
#include "engine/sampling/picture_request.h"

namespace imprint::engine {

// Bounded; not thread-safe. The model and the concepts must outlive it.
class PromptCache {
 public:
  PromptCache(const BaseModel& model, const ConceptSet& concepts)
      : model_(model), concepts_(concepts) {}

  // Returns what the UNet attends to: negative prompt and prompt [2, tokens, width], or the prompt
  // alone [1, ...] without guidance. The shorter of the two is padded with chunks of an empty
  // prompt. INVALID_ARGUMENT if one of them cannot be read.
  absl::StatusOr<at::Tensor> Context(const PictureRequest& request);

 private:
  // A prompt, and how it is read and encoded.
  using Key = std::tuple<std::string, PromptStyle, int>;

  // Encodes a prompt, [chunks, tokens per chunk, width].
  absl::StatusOr<at::Tensor> Encode(const Key& key);

  const BaseModel& model_;
  const ConceptSet& concepts_;
  absl::flat_hash_map<Key, at::Tensor> states_;
  int64_t chunks_ = 0;  // the number of chunks in states_
};

}  // namespace imprint::engine
