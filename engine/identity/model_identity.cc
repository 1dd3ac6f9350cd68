#include "engine/identity/model_identity.h"

#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/forget_pages.h"
#include "base/json_object.h"
#include "base/status_macros.h"
#include "formats/half.h"

namespace imprint {
namespace {

constexpr const char* kTokenTable = "embeddings.token_embedding.weight";

// As LibTorch calls them: fingerprints have always been made of these names.
std::string TypeName(DType type) {
  switch (type) {
    case DType::kF32:
      return "Float";
    case DType::kF16:
      return "Half";
    case DType::kBF16:
      return "BFloat16";
    case DType::kF64:
      return "Double";
    case DType::kI64:
      return "Long";
    case DType::kI32:
      return "Int";
    case DType::kU8:
      return "Byte";
    default:
      return std::string(Name(type));
  }
}

template <typename T>
T At(const TensorView& tensor, size_t i) {
  T value;
  std::memcpy(&value, tensor.data.data() + i * sizeof(T), sizeof(T));
  return value;
}

absl::Status ReadTextEncoder(const TensorViews& tensors, const std::string& origin,
                             WeightsIdentity& identity) {
  const auto table = tensors.find(kTokenTable);
  if (table == tensors.end() || table->second.shape.size() != 2) {
    return FieldError(absl::StrCat(origin, ": ", kTokenTable),
                      table == tensors.end() ? "none" : Describe(table->second),
                      "a table [tokens, width]");
  }
  const int64_t width = table->second.shape[1];
  if (width < 1 || width > 1 << 16) {
    return FieldError(absl::StrCat(origin, ": ", kTokenTable), Describe(table->second),
                      "a width from 1 to 65536");
  }
  const char* family = width == 768 ? "sd1" : width == 1024 ? "sd2" : "other";
  ASSIGN_OR_RETURN(const std::string hash, HalfSha256(table->second));
  identity.text_encoder_identity = absl::StrCat(family, ":", width, ":", hash);
  identity.embedding_width = static_cast<int>(width);
  return absl::OkStatus();
}

absl::Status ReadSizes(const ModelFiles& files, ModelIdentity& identity) {
  ASSIGN_OR_RETURN(const JsonObject vae, files.Config("vae"));
  ASSIGN_OR_RETURN(const auto channels, vae.Get<std::vector<int64_t>>("block_out_channels"));
  ASSIGN_OR_RETURN(const JsonObject unet, files.Config("unet"));
  ASSIGN_OR_RETURN(const int64_t sample_size, unet.GetOr<int64_t>("sample_size", 64));
  if (channels.empty() || channels.size() > 8) {
    return FieldError(absl::StrCat(vae.origin(), ": block_out_channels"),
                      absl::StrCat(channels.size()), "1 to 8 of them");
  }
  if (sample_size < 1 || sample_size > 1024) {
    return FieldError(absl::StrCat(unet.origin(), ": sample_size"), absl::StrCat(sample_size),
                      "1 to 1024");
  }
  // As transformers' CLIPTextConfig has it where the file does not.
  ASSIGN_OR_RETURN(const JsonObject text, files.Config("text_encoder"));
  ASSIGN_OR_RETURN(const int64_t layers, text.GetOr<int64_t>("num_hidden_layers", 12));
  if (layers < 1 || layers > 128) {
    return FieldError(absl::StrCat(text.origin(), ": num_hidden_layers"), absl::StrCat(layers),
                      "1 to 128");
  }
  identity.text_layers = static_cast<int>(layers);
  identity.size_multiple = 1 << (channels.size() - 1);
  identity.picture_size = static_cast<int>(sample_size) * identity.size_multiple;
  return absl::OkStatus();
}

}  // namespace

void Fingerprint::Add(absl::string_view component, const TensorViews& tensors) {
  for (const auto& [name, view] : tensors) {
    hash_.Update(absl::StrCat(component, "/", name, " ", TypeName(view.type), " [",
                              absl::StrJoin(view.shape, ","), "]\n"));
    hash_.Update(view.data);
  }
}

absl::StatusOr<std::string> HalfSha256(const TensorView& tensor) {
  const size_t count = tensor.data.size() / ElementSize(tensor.type);
  std::vector<uint16_t> halves(count);
  for (size_t i = 0; i < count; ++i) {
    switch (tensor.type) {
      case DType::kF16:
        halves[i] = At<uint16_t>(tensor, i);
        break;
      case DType::kBF16:
        halves[i] = HalfFromFloat(FloatFromBFloat16(At<uint16_t>(tensor, i)));
        break;
      case DType::kF32:
        halves[i] = HalfFromFloat(At<float>(tensor, i));
        break;
      case DType::kF64:
        halves[i] = HalfFromFloat(static_cast<float>(At<double>(tensor, i)));
        break;
      default:
        return FieldError("dtype", Name(tensor.type), "F16, BF16, F32 or F64");
    }
  }
  return Sha256Hex(std::as_bytes(std::span(halves)));
}

absl::StatusOr<WeightsIdentity> IdentifyWeights(const ModelFiles& files) {
  WeightsIdentity identity;
  Fingerprint fingerprint;
  for (const char* component : kFingerprintedComponents) {
    ASSIGN_OR_RETURN(const ComponentWeights weights, files.Weights(component));
    fingerprint.Add(component, weights.tensors);
    if (absl::string_view(component) == "text_encoder") {
      RETURN_IF_ERROR(ReadTextEncoder(weights.tensors, weights.origin, identity));
    }
    for (const auto& [name, view] : weights.tensors) ForgetPages(view.data);
  }
  identity.fingerprint = fingerprint.HexDigest();
  return identity;
}

absl::StatusOr<ModelIdentity> CompleteIdentity(const ModelFiles& files,
                                               const WeightsIdentity& weights) {
  ModelIdentity identity{weights};
  RETURN_IF_ERROR(ReadSizes(files, identity));
  identity.has_safety_checker = files.Has("safety_checker");
  ASSIGN_OR_RETURN(const JsonObject schedule, files.SchedulerConfig());
  identity.solver = ModelsSolver(schedule);
  return identity;
}

absl::StatusOr<ModelIdentity> IdentifyModel(const ModelFiles& files) {
  ASSIGN_OR_RETURN(const WeightsIdentity weights, IdentifyWeights(files));
  return CompleteIdentity(files, weights);
}

}  // namespace imprint
