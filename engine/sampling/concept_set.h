// The concepts that prompts may name: their tokens and their vectors.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include <ATen/ATen.h>

#include "engine/model/base_model.h"
#include "formats/learned_embedding.h"
#include "text/concept_vocabulary.h"

namespace imprint::engine {

// Immutable.
struct ConceptSet {
  ConceptVocabulary vocabulary;
  at::Tensor rows;  // [rows, width] fp32, in the vocabulary's order; undefined if there are none

  // Collects the embeddings. INVALID_ARGUMENT naming the token if one has another width than the
  // model's or its token cannot be used.
  static absl::StatusOr<ConceptSet> Make(const BaseModel& model,
                                         std::span<const LearnedEmbedding> embeddings);
};

}  // namespace imprint::engine
