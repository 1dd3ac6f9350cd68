// Checks what a training is asked to do, before anything is computed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "engine/model/base_model.h"
#include "engine/training/training_input.h"
#include "text/clip_tokenizer.h"

namespace imprint::engine {

// Checks recipe, pictures and text, except for what TokenizeCaptions finds. INVALID_ARGUMENT naming
// the field.
absl::Status CheckInput(const BaseModel& model, const TrainingInput& input);

// Returns the templates with the concept in place, tokenized, in their order. INVALID_ARGUMENT
// naming token or templates.
absl::StatusOr<std::vector<TokenizedPrompt>> TokenizeCaptions(const BaseModel& model,
                                                              const TrainingInput& input);

// Returns everything that determines the result, for checkpoints and for the embedding's
// provenance.
std::map<std::string, std::string> DescribeRun(const BaseModel& model, const TrainingInput& input);

}  // namespace imprint::engine
