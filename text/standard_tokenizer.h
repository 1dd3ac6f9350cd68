// CLIP's own tokenizer, shared.
#pragma once

#include "absl/status/statusor.h"

#include "text/clip_tokenizer.h"

namespace imprint {

// Made at the first call, and kept. For questions to which it makes no difference what fills
// prompts up: which words there are, where a prompt is cut. Thread-safe.
absl::StatusOr<const ClipTokenizer*> StandardTokenizer();

}  // namespace imprint
