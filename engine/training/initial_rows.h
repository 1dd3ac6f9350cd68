// A concept's initial vectors, taken from the word for the kind of thing that it is.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

#include "engine/model/base_model.h"

namespace imprint::engine {

// Returns the initial vectors, [vectors, d] fp32. Vector i is that of token i of the class word,
// whose tokens repeat if there are fewer of them than vectors; a single vector for a word of
// several tokens is their mean, scaled to their mean norm. INVALID_ARGUMENT naming class_word if it
// has no token or more than 16.
absl::StatusOr<at::Tensor> InitialRows(const BaseModel& model, absl::string_view class_word,
                                       int vectors);

}  // namespace imprint::engine
