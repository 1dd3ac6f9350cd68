// Keeps a concept's vectors from growing until they drown the words around them.
#pragma once

#include <ATen/ATen.h>

namespace imprint::engine {

// Returns the norm that each of `first_rows` [n, d] may reach: `max_growth` times its own, [n, 1].
// Undefined for max_growth 0, which means no limit.
at::Tensor NormLimits(const at::Tensor& first_rows, double max_growth);

// Scales the rows that are longer than their limits down to exactly those, in place.
void LimitNorms(const at::Tensor& limits, at::Tensor& rows);

}  // namespace imprint::engine
