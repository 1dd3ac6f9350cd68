#include "formats/learned_embedding.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/half.h"

namespace imprint {
namespace {

// Diffusers and transformers refuse files without it.
constexpr absl::string_view kFormatKey = "format";
constexpr absl::string_view kFormatValue = "pt";
constexpr absl::string_view kKohyaKey = "emb_params";

absl::StatusOr<std::vector<float>> WidenToFloat(const TensorView& tensor) {
  std::vector<float> values(tensor.data.size() / ElementSize(tensor.type));
  const auto widen16 = [&](float (*widen)(uint16_t)) {
    for (size_t i = 0; i < values.size(); ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, tensor.data.data() + 2 * i, 2);
      values[i] = widen(bits);
    }
  };
  switch (tensor.type) {
    case DType::kF64:
      for (size_t i = 0; i < values.size(); ++i) {
        double value = 0;
        std::memcpy(&value, tensor.data.data() + 8 * i, 8);
        values[i] = static_cast<float>(value);
      }
      return values;
    case DType::kF32:
      std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
      return values;
    case DType::kF16:
      widen16(FloatFromHalf);
      return values;
    case DType::kBF16:
      widen16(FloatFromBFloat16);
      return values;
    default:
      return FieldError("dtype", Name(tensor.type), "F32, F16, BF16 or F64");
  }
}

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
  LearnedEmbedding embedding{
      .token = token,
      .vectors = tensor.shape.size() == 2 ? static_cast<int>(tensor.shape[0]) : 1,
      .width = static_cast<int>(tensor.shape.back())};
  auto values = WidenToFloat(tensor);
  if (!values.ok()) return InContext(Quoted(token), values.status());
  embedding.values = *std::move(values);
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
  const auto& [token, tensor] = *tensors.begin();
  auto embedding = EmbeddingFromTensor(token, tensor);
  if (!embedding.ok()) return InContext(origin, embedding.status());
  KeepProvenance(std::move(metadata), *embedding);
  return embedding;
}

std::string SerializeLearnedEmbedding(const LearnedEmbedding& embedding, EmbeddingLayout layout) {
  TensorViews tensors;
  tensors[layout == EmbeddingLayout::kKohya ? std::string(kKohyaKey) : embedding.token] = {
      DType::kF32,
      {embedding.vectors, embedding.width},
      std::as_bytes(std::span(embedding.values))};
  TensorMetadata metadata = embedding.provenance;
  metadata[std::string(kFormatKey)] = std::string(kFormatValue);
  return SerializeSafetensors(tensors, metadata);
}

}  // namespace imprint
