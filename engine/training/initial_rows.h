// Where a concept's vectors start: at the word for what kind of thing it is.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

#include "engine/model/base_model.h"

namespace imprint {

// [vectors, d] fp32. Vector i starts at token i of the class word's tokens, over and over if there
// are more vectors than tokens; a single vector of a word of several tokens starts at their mean,
// as long as they are on average. INVALID_ARGUMENT naming class_word if it has no token or more
// than 16.
absl::StatusOr<at::Tensor> InitialRows(const BaseModel& model, absl::string_view class_word,
                                       int vectors);

}  // namespace imprint
