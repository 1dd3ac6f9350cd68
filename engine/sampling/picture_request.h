// Tells whether a model can draw what is asked for, and what it comes to. Needs no LibTorch.
#pragma once

#include "absl/status/status.h"

#include "base/picture_size.h"
#include "engine/model/base_model.h"
#include "orders/picture_request.h"
#include "text/prompt_syntax.h"

namespace imprint::engine {

// Returns the size of the finished picture, after the second pass if there is one, whose sides are
// multiples of the model's size_multiple.
PictureSize FinalSize(const BaseModelInfo& model, const PictureRequest& request);

// Returns INVALID_ARGUMENT, naming width or height, for a size that the model cannot draw.
absl::Status CheckSize(const BaseModelInfo& model, const PictureSize& size);

// Returns the number of network evaluations, over both passes.
int SolverSteps(const PictureRequest& request);

// Returns INVALID_ARGUMENT naming the first field that makes no sense for this model. Whether the
// style allows the prompts is for whoever reads them to say: PromptReader, or CheckSyntax.
absl::Status CheckRequest(const BaseModelInfo& model, const PictureRequest& request);

// Returns INVALID_ARGUMENT naming the prompt that its style does not allow, in a drawing that knows
// the tokens in `concepts`. For callers without a sampler yet: imprint-engine replaces an earlier
// drawing only if the new one can begin.
absl::Status CheckSyntax(const WrittenTokens& concepts, const PictureRequest& request);

}  // namespace imprint::engine
