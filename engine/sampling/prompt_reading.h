// Turns a request's prompts into tokens. Needs no LibTorch.
#pragma once

#include <cstddef>

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

// Returns the number of chunks of the longer of the prompts that a picture is drawn with. Pictures
// with different numbers cannot share a batch. INVALID_ARGUMENT naming the prompt that cannot be
// read.
absl::StatusOr<size_t> ContextChunks(const ClipTokenizer& tokenizer,
                                     const ConceptVocabulary& concepts,
                                     const PictureRequest& request);

}  // namespace imprint::engine
