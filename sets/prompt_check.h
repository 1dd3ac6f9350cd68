// Checks how a plan's prompts read, without a model.
#pragma once

#include "absl/status/status.h"

#include "sets/expansion.h"

namespace imprint::sets {

// Returns INVALID_ARGUMENT naming the place of the prompt, the key of the first picture whose
// prompt or negative prompt cannot be read, and what is wrong: a weight beyond all limits, or
// brackets too deep (text/prompt_syntax.h). What is a concept's token is not known here.
absl::Status CheckPrompts(const Expansion& expansion);

}  // namespace imprint::sets
