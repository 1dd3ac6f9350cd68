// A shared instance of CLIP's own tokenizer.
#pragma once

#include "absl/status/statusor.h"

#include "text/clip_tokenizer.h"

namespace imprint {

// Returns the instance, which is made at the first call and kept. For questions that do not depend
// on what fills prompts up: which words there are, where a prompt is cut. Thread-safe.
absl::StatusOr<const ClipTokenizer*> StandardTokenizer();

}  // namespace imprint
