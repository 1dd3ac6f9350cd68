// The pictures of a training that has a record, and what the engine is given of it.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint_engine/reference_folder.h"
#include "cli/imprint_engine/training_record.h"

#include "engine/training/training_run.h"

namespace imprint::cli {

// Reads the order's pictures again. INVALID_ARGUMENT if one is another file than the order says.
absl::StatusOr<std::vector<ReferencePicture>> ReadTaughtPictures(const TeachOrder& order);

// What is taught, but for the pictures.
TrainingInput InputWithoutPictures(const TeachOrder& order);

}  // namespace imprint::cli
