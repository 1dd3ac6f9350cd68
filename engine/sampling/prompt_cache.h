// Prompts' hidden states, encoded once: a set draws the same few prompts again and again.
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include <ATen/ATen.h>

#include "engine/model/base_model.h"
#include "engine/sampling/concept_set.h"

namespace imprint {

// Bounded; not thread-safe. The model and the concepts must outlive it.
class PromptCache {
 public:
  PromptCache(const BaseModel& model, const ConceptSet& concepts)
      : model_(model), concepts_(concepts) {}

  // [tokens, width].
  at::Tensor Encode(const std::string& prompt);

 private:
  const BaseModel& model_;
  const ConceptSet& concepts_;
  absl::flat_hash_map<std::string, at::Tensor> states_;
};

}  // namespace imprint
