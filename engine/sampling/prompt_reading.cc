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

size_t PromptPair::chunks() const {
  return std::max(positive->chunks.size(), negative == nullptr ? 0 : negative->chunks.size());
}

absl::StatusOr<PromptPair> PromptReader::Read(const PictureRequest& request) {
  PromptPair pair;
  ASSIGN_OR_RETURN(pair.positive, Read("prompt", request.prompt, request.prompt_style));
  ASSIGN_OR_RETURN(pair.negative,
                   Read("negative_prompt", request.negative_prompt, request.prompt_style));
  if (!request.guided()) pair.negative = nullptr;
  return pair;
}

const ChunkedPrompt& PromptReader::EmptyPrompt() {
  // No style refuses it.
  return **Read("prompt", "", PromptStyle::kLiteral);
}

absl::StatusOr<const ChunkedPrompt*> PromptReader::Read(absl::string_view field,
                                                        const std::string& prompt,
                                                        PromptStyle style) {
  std::pair key(prompt, prompt.empty() ? PromptStyle::kLiteral : style);
  if (const auto found = prompts_.find(key); found != prompts_.end()) return &found->second;
  auto read = ReadPrompt(tokenizer_, concepts_, prompt, style);
  if (!read.ok()) return InContext(field, read.status());
  return &prompts_.emplace(std::move(key), *std::move(read)).first->second;
}

}  // namespace imprint::engine
