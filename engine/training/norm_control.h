// Keeps a concept's vectors from growing until they drown the words around them.
#pragma once

#include <ATen/ATen.h>

namespace imprint {

// The longest each of `first_rows` [n, d] may become: `max_growth` times its own length, [n, 1].
// Undefined for max_growth 0, which means no limit.
at::Tensor NormLimits(const at::Tensor& first_rows, double max_growth);

// Shortens, in place, the rows that are longer than their limits to exactly those.
void LimitNorms(const at::Tensor& limits, at::Tensor& rows);

}  // namespace imprint
