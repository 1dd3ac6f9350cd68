// The result of teaching: n vectors that stand for one token, as a file that other tools load
// (learned_embeds.safetensors, the layout of Diffusers, or another's).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "formats/embedding_layout.h"
#include "formats/safetensors.h"

namespace imprint {

// A plain value. `values` is [vectors, width], row-major; width is 768 for SD 1.x, 1024 for SD 2.x.
struct LearnedEmbedding {
  std::string token;
  int vectors = 0;
  int width = 0;
  std::vector<float> values;
  // The embedding's known origin ("imprint.base_model", ...), kept in the file's metadata.
  TensorMetadata provenance;
  // Remarks for whoever reads it, such as that only a part of a file was taken. Not kept in files.
  std::vector<std::string> remarks;
};

// The name that Diffusers gives such files.
inline constexpr absl::string_view kLearnedEmbeddingFileName = "learned_embeds.safetensors";

// The most vectors that one token may have: a 77-token prompt has 75 places.
inline constexpr int kMaxEmbeddingVectors = 75;

// Returns OK for what an embedding may be: [n, d] or the older [d].
absl::Status CheckEmbeddingShape(DType type, const std::vector<int64_t>& shape);

// Returns the tensor's values in F32, under that token. INVALID_ARGUMENT, naming the token, for
// another shape or type, and for a value that is not finite.
absl::StatusOr<LearnedEmbedding> EmbeddingFromTensor(const std::string& token,
                                                     const TensorView& tensor);

// Keeps a safetensors file's metadata as provenance, except the entries that every such file has
// and those that WrittenToken reads.
void KeepProvenance(TensorMetadata metadata, LearnedEmbedding& embedding);

// Returns the token that a file of ours was made for, where its tensor's name does not say so;
// otherwise empty.
std::string WrittenToken(const TensorMetadata& metadata);

// Reads what SerializeLearnedEmbedding writes in Diffusers' layout, and what Diffusers writes: a
// safetensors file with one tensor whose key is the token, or the token's EmbeddingKey.
// INVALID_ARGUMENT, naming `origin`, if it holds anything else. For the files of other tools there
// is formats/embedding_files.
absl::StatusOr<LearnedEmbedding> ParseLearnedEmbedding(absl::string_view bytes,
                                                       const std::string& origin);

// Returns the file's bytes: the layout's tensor in F32, metadata {"format": "pt"}, the provenance,
// and the token where the tensor's name is not it. Deterministic: the same embedding always gives
// the same bytes.
std::string SerializeLearnedEmbedding(const LearnedEmbedding& embedding,
                                      EmbeddingLayout layout = EmbeddingLayout::kDiffusers);

}  // namespace imprint
