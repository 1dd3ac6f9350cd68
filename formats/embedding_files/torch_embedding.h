// Reads the embedding in a file written by torch.save.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "formats/learned_embedding.h"

namespace imprint {

// `token` of the embedding is what the file says: its key, AUTOMATIC1111's `name`, or nothing where
// it holds neither. `wanted` chooses among several. Errors are those of ParseEmbeddingFile.
struct TorchEmbedding {
  LearnedEmbedding embedding;
  // Whether the tool that wrote it goes by the file's name, whatever the file says.
  bool named_by_file = false;
};
absl::StatusOr<TorchEmbedding> ReadTorchEmbedding(std::span<const std::byte> bytes,
                                                  absl::string_view wanted);

}  // namespace imprint
