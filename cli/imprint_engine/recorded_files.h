// Finds the files that a manifest's pictures were drawn from, and makes sure that they are the
// same.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/program/console.h"

#include "base/rgb_image.h"
#include "formats/learned_embedding.h"
#include "orders/picture_manifest.h"
#include "orders/recorded_pictures.h"

namespace imprint::cli {

// Returns the embeddings, each under its recorded word, from those of the `given` files that have
// the recorded hashes, or from where the manifest says that they are. INVALID_ARGUMENT naming the
// embedding that is not there or has changed.
absl::StatusOr<std::vector<LearnedEmbedding>> FindRecordedEmbeddings(
    const std::vector<ManifestEmbedding>& recorded, const std::vector<std::string>& given);

// Returns the picture that the pictures began from, as its file has it. INVALID_ARGUMENT if it is
// not there or has changed.
absl::StatusOr<std::shared_ptr<const RgbImage>> FindRecordedSource(const RecordedPictures& record,
                                                                   Console& console);

}  // namespace imprint::cli
