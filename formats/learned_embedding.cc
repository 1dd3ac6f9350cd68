#include "formats/learned_embedding.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "formats/half.h"

namespace imprint {
namespace {

// Diffusers and transformers refuse files without it.
constexpr absl::string_view kFormatKey = "format";
constexpr absl::string_view kFormatValue = "pt";

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
      return FieldError("dtype", Name(tensor.type), "F32, F16 or BF16");
  }
}

absl::StatusOr<LearnedEmbedding> FromTensor(const std::string& token, const TensorView& tensor) {
  const std::vector<int64_t>& shape = tensor.shape;
  const bool has_rows = shape.size() == 2;
  if ((shape.size() != 1 && !has_rows) || shape.back() < 1 || shape.back() > 1 << 16 ||
      (has_rows && (shape[0] < 1 || shape[0] > kMaxEmbeddingVectors))) {
    return FieldError("shape", Describe(tensor),
                      absl::StrCat("[n, width] with n from 1 to ", kMaxEmbeddingVectors));
  }
  LearnedEmbedding embedding{.token = token,
                             .vectors = has_rows ? static_cast<int>(shape[0]) : 1,
                             .width = static_cast<int>(shape.back())};
  ASSIGN_OR_RETURN(embedding.values, WidenToFloat(tensor));
  for (size_t i = 0; i < embedding.values.size(); ++i) {
    if (!std::isfinite(embedding.values[i])) {
      return FieldError(
          absl::StrCat("value ", i % embedding.width, " of vector ", i / embedding.width),
          absl::StrCat(embedding.values[i]), "a finite number");
    }
  }
  return embedding;
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
  if (token == "emb_params" || token == "emp_params" || token == "clip_l" || token == "clip_g") {
    return FieldError(absl::StrCat(origin, ": tensor"), Quoted(token),
                      "a tensor named by its token, as Diffusers writes it; this is another tool's "
                      "file");
  }
  absl::StatusOr<LearnedEmbedding> embedding = FromTensor(token, tensor);
  if (!embedding.ok()) {
    return InContext(absl::StrCat(origin, ": ", Quoted(token)), embedding.status());
  }
  embedding->provenance = std::move(metadata);
  embedding->provenance.erase(std::string(kFormatKey));
  return embedding;
}

absl::StatusOr<LearnedEmbedding> ReadLearnedEmbedding(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  const std::span<const std::byte> bytes = file->bytes();
  return ParseLearnedEmbedding({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                               path.string());
}

std::string SerializeLearnedEmbedding(const LearnedEmbedding& embedding) {
  TensorViews tensors;
  tensors[embedding.token] = {DType::kF32,
                              {embedding.vectors, embedding.width},
                              std::as_bytes(std::span(embedding.values))};
  TensorMetadata metadata = embedding.provenance;
  metadata[std::string(kFormatKey)] = std::string(kFormatValue);
  return SerializeSafetensors(tensors, metadata);
}

}  // namespace imprint
