// The result of teaching: n vectors that stand for one token, as a file that every tool of the
// field loads (learned_embeds.safetensors, the layout of Diffusers).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "formats/safetensors.h"

namespace imprint {

// A plain value. `values` is [vectors, width], row-major; width is 768 for SD 1.x, 1024 for SD 2.x.
struct LearnedEmbedding {
  std::string token;
  int vectors = 0;
  int width = 0;
  std::vector<float> values;
  // What is known of its making ("imprint.base_model", ...), kept in the file's metadata.
  TensorMetadata provenance;
};

// The name that Diffusers gives such files.
inline constexpr absl::string_view kLearnedEmbeddingFileName = "learned_embeds.safetensors";

// Most vectors that one token may have: a 77-token prompt has 75 places.
inline constexpr int kMaxEmbeddingVectors = 75;

// Reads a safetensors file with one tensor, [n, d] or the older [d], in F32, F16 or BF16; its key
// is the token. INVALID_ARGUMENT, naming the file, if it holds several tensors, another shape or
// type, or a value that is not finite.
absl::StatusOr<LearnedEmbedding> ReadLearnedEmbedding(const std::filesystem::path& path);

// The same for a file's bytes; `origin` is what errors call them.
absl::StatusOr<LearnedEmbedding> ParseLearnedEmbedding(absl::string_view bytes,
                                                       const std::string& origin);

// The file's bytes: {token: [n, d] F32}, metadata {"format": "pt"} and the provenance. The same
// embedding always gives the same bytes.
std::string SerializeLearnedEmbedding(const LearnedEmbedding& embedding);

}  // namespace imprint
