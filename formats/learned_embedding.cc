#include "formats/learned_embedding.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/float_values.h"

namespace imprint {
namespace {

// Diffusers and transformers refuse files without it.
constexpr absl::string_view kFormatKey = "format";
constexpr absl::string_view kFormatValue = "pt";
constexpr absl::string_view kKohyaKey = "emb_params";
constexpr absl::string_view kTokenKey = "imprint.token";
constexpr absl::string_view kReservedKey = "__metadata__";

std::string TensorNames(const TensorViews& tensors) {
  std::string names;
  for (const auto& [name, tensor] : tensors) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", Quoted(name));
    if (names.size() > 200) return names + ", …";
  }
  return names;
}

}  // namespace

absl::Status CheckEmbeddingShape(DType type, const std::vector<int64_t>& shape) {
  const bool has_rows = shape.size() == 2;
  if ((shape.size() != 1 && !has_rows) || shape.back() < 1 || shape.back() > 1 << 16 ||
      (has_rows && (shape[0] < 1 || shape[0] > kMaxEmbeddingVectors))) {
    return FieldError("shape", Describe(TensorView{type, shape, {}}),
                      absl::StrCat("[n, width] with n from 1 to ", kMaxEmbeddingVectors));
  }
  return absl::OkStatus();
}

absl::StatusOr<LearnedEmbedding> EmbeddingFromTensor(const std::string& token,
                                                     const TensorView& tensor) {
  RETURN_IF_ERROR(InContext(Quoted(token), CheckEmbeddingShape(tensor.type, tensor.shape)));
  if (EmbeddingKey(token) == kReservedKey) {
    return FieldError("token", Quoted(token), "another word: safetensors keeps this one to itself");
  }
  LearnedEmbedding embedding{
      .token = token,
      .vectors = tensor.shape.size() == 2 ? static_cast<int>(tensor.shape[0]) : 1,
      .width = static_cast<int>(tensor.shape.back())};
  if (!IsFloatingPoint(tensor.type)) {
    return InContext(Quoted(token), FieldError("dtype", Name(tensor.type), kFloatingPointTypes));
  }
  embedding.values.resize(tensor.data.size() / ElementSize(tensor.type));
  ReadFloats(tensor, 0, embedding.values);
  for (size_t i = 0; i < embedding.values.size(); ++i) {
    if (!std::isfinite(embedding.values[i])) {
      return FieldError(absl::StrCat(Quoted(token), ": value ", i % embedding.width, " of vector ",
                                     i / embedding.width),
                        absl::StrCat(embedding.values[i]), "a finite number");
    }
  }
  return embedding;
}

void KeepProvenance(TensorMetadata metadata, LearnedEmbedding& embedding) {
  embedding.provenance = std::move(metadata);
  embedding.provenance.erase(std::string(kFormatKey));
  embedding.provenance.erase(std::string(kTokenKey));
}

std::string WrittenToken(const TensorMetadata& metadata) {
  const auto found = metadata.find(kTokenKey);
  return found == metadata.end() ? "" : found->second;
}

absl::StatusOr<LearnedEmbedding> ParseLearnedEmbedding(absl::string_view bytes,
                                                       const std::string& origin) {
  TensorViews tensors;
  TensorMetadata metadata;
  RETURN_IF_ERROR(ParseSafetensors(std::as_bytes(std::span(bytes.data(), bytes.size())), origin,
                                   tensors, metadata));
  if (tensors.size() != 1) {
    return FieldError(absl::StrCat(origin, ": tensors"),
                      tensors.empty() ? "none" : TensorNames(tensors),
                      "one tensor, named by its token");
  }
  const auto& [key, tensor] = *tensors.begin();
  // The key is in lower case and composed, for Diffusers; the metadata has the word as it was
  // given.
  const std::string written = WrittenToken(metadata);
  auto embedding = EmbeddingFromTensor(EmbeddingKey(written) == key ? written : key, tensor);
  if (!embedding.ok()) return InContext(origin, embedding.status());
  KeepProvenance(std::move(metadata), *embedding);
  return embedding;
}

std::string SerializeLearnedEmbedding(const LearnedEmbedding& embedding, EmbeddingLayout layout) {
  const std::string key = layout == EmbeddingLayout::kDiffusers ? EmbeddingKey(embedding.token)
                                                                : std::string(kKohyaKey);
  const TensorViews tensors = {{key,
                                {DType::kF32,
                                 {embedding.vectors, embedding.width},
                                 std::as_bytes(std::span(embedding.values))}}};
  TensorMetadata metadata = embedding.provenance;
  metadata[std::string(kFormatKey)] = std::string(kFormatValue);
  if (key != embedding.token) metadata[std::string(kTokenKey)] = embedding.token;
  return SerializeSafetensors(tensors, metadata);
}

}  // namespace imprint
