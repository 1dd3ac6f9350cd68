// Emphasis on words, as AUTOMATIC1111's web UI lays it on (its modules/sd_emphasis.py, "Original").
#pragma once

#include <span>

#include <ATen/ATen.h>

namespace imprint {

// Multiplies each token's hidden state by its weight and then scales each chunk so that the mean
// over all its numbers is what it was. `hidden` is [chunks, tokens, width], `weights` has chunks ×
// tokens. Where all weights are 1, `hidden` comes back as it is.
at::Tensor Emphasize(const at::Tensor& hidden, std::span<const float> weights);

}  // namespace imprint
