// The result of teaching: n vectors that stand for one token, as a file that every tool of the
// field loads (learned_embeds.safetensors, the layout of Diffusers).
#pragma once

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

// OK for what an embedding may be: [n, d] or the older [d], in F32, F16, BF16 or F64.
absl::Status CheckEmbeddingShape(DType type, const std::vector<int64_t>& shape);

// The tensor's values in F32, under that token. INVALID_ARGUMENT, naming the token, for another
// shape or type, and for a value that is not finite.
absl::StatusOr<LearnedEmbedding> EmbeddingFromTensor(const std::string& token,
                                                     const TensorView& tensor);

// Takes what a safetensors file says about itself, except what every such file says.
void KeepProvenance(TensorMetadata metadata, LearnedEmbedding& embedding);

// Reads what SerializeLearnedEmbedding writes, and Diffusers: a safetensors file with one tensor
// whose key is the token. INVALID_ARGUMENT, naming `origin`, if it holds anything else. For the
// files of other tools there is formats/embedding_files.
absl::StatusOr<LearnedEmbedding> ParseLearnedEmbedding(absl::string_view bytes,
                                                       const std::string& origin);

enum class EmbeddingLayout {
  // {token: [n, d]}: what every tool of the field loads.
  kDiffusers,
  // {"emb_params": [n, d]}, for kohya's and InvokeAI's own scripts; the word is the file's name.
  kKohya
};

// The file's bytes: the layout's tensor in F32, metadata {"format": "pt"} and the provenance. The
// same embedding always gives the same bytes.
std::string SerializeLearnedEmbedding(const LearnedEmbedding& embedding,
                                      EmbeddingLayout layout = EmbeddingLayout::kDiffusers);

}  // namespace imprint
