// Reads the pictures of a training that has a record, and makes the engine's input of it.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint_engine/reference_folder.h"
#include "cli/imprint_engine/training_record.h"

#include "engine/training/training_run.h"

namespace imprint::cli {

// Reads the order's pictures again. Returns INVALID_ARGUMENT if one of the files is not the one
// that the order records.
absl::StatusOr<std::vector<ReferencePicture>> ReadTaughtPictures(const TeachOrder& order);

// Returns the engine's input without the pictures.
engine::TrainingInput InputWithoutPictures(const TeachOrder& order);

}  // namespace imprint::cli
