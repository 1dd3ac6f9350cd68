// Reads the pictures of a training that has a record.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint_engine/reference_folder.h"
#include "cli/imprint_engine/training_record.h"

namespace imprint::cli {

// Reads the order's pictures again. Returns INVALID_ARGUMENT if one of the files is not the one
// that the order records.
absl::StatusOr<std::vector<ReferencePicture>> ReadTaughtPictures(const TeachOrder& order);

}  // namespace imprint::cli
