#include "engine/sampling/prompt_reading.h"

#include <algorithm>
#include <vector>

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::engine {

absl::StatusOr<ChunkedPrompt> ReadPrompt(const ClipTokenizer& tokenizer,
                                         const ConceptVocabulary& concepts,
                                         absl::string_view prompt, PromptStyle style) {
  ASSIGN_OR_RETURN(const std::vector<WeightedText> pieces,
                   ParsePrompt(prompt, style, concepts.written()));
  return tokenizer.EncodeChunks(pieces, concepts);
}

absl::StatusOr<size_t> ContextChunks(const ClipTokenizer& tokenizer,
                                     const ConceptVocabulary& concepts,
                                     const PictureRequest& request) {
  const auto chunks = [&](absl::string_view field,
                          absl::string_view prompt) -> absl::StatusOr<size_t> {
    const auto read = ReadPrompt(tokenizer, concepts, prompt, request.prompt_style);
    if (!read.ok()) return InContext(field, read.status());
    return read->chunks.size();
  };
  ASSIGN_OR_RETURN(const size_t positive, chunks("prompt", request.prompt));
  ASSIGN_OR_RETURN(const size_t negative, chunks("negative_prompt", request.negative_prompt));
  return request.guided() ? std::max(positive, negative) : positive;
}

}  // namespace imprint::engine
