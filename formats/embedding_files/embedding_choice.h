// Chooses the embedding among a file's tensors, by their names alone.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Returns OK unless the names are those of another kind of file, which the INVALID_ARGUMENT then
// names.
absl::Status RefuseForeignFile(const std::vector<std::string>& names);

// Returns the only name, or the one among several that is `token`. INVALID_ARGUMENT for none, and
// for several without a choice, which it lists.
absl::StatusOr<std::string> ChooseEmbedding(const std::vector<std::string>& names,
                                            absl::string_view token);

// Removes from `names` what OneTrainer stores beside its vectors, "emp_params_out", which stands
// for the output of a text encoder, and notes it in `remarks`. INVALID_ARGUMENT if the file has
// nothing else.
absl::Status SetOutputVectorsAside(std::vector<std::string>& names,
                                   std::vector<std::string>& remarks);

// Returns true for names that say what the tensor is, not which word it stands for.
bool IsLayoutName(absl::string_view name);

}  // namespace imprint
