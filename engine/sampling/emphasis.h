// Emphasis on words, applied as in AUTOMATIC1111's web UI (its modules/sd_emphasis.py, "Original").
#pragma once

#include <span>

#include <ATen/ATen.h>

namespace imprint::engine {

// Multiplies each token's hidden state by its weight and then scales each chunk so that the mean
// over all its numbers is what it was. `hidden` is [chunks, tokens, width], `weights` has chunks ×
// tokens. Returns `hidden` unchanged if all weights are 1.
at::Tensor Emphasize(const at::Tensor& hidden, std::span<const float> weights);

}  // namespace imprint::engine
