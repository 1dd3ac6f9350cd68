// Finds the embeddings that a drawing uses.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint/client/gateway.h"
#include "cli/pictures/prompt_tokens.h"

namespace imprint::cli {

// Returns the names of the newest versions of the concepts whose tokens are in the prompts. Returns
// INVALID_ARGUMENT naming --embedding if two concepts have the same token.
absl::StatusOr<std::vector<std::string>> ConceptsOf(const PromptTexts& texts,
                                                    const std::vector<v1::Concept>& concepts);

// Returns the versions that are meant: those `given` by name, alias or concept, or if none is
// given, what ConceptsOf finds among all concepts.
absl::StatusOr<std::vector<v1::Embedding>> ResolveEmbeddings(Gateway& gateway,
                                                             const std::vector<std::string>& given,
                                                             const PromptTexts& texts);

absl::StatusOr<v1::Embedding> GetEmbedding(Gateway& gateway, const std::string& name);
absl::StatusOr<std::vector<v1::Concept>> ListConcepts(Gateway& gateway);

}  // namespace imprint::cli
