#include "engine/identity/model_identity.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/forget_pages.h"
#include "base/json_object.h"
#include "base/status_macros.h"
#include "engine/identity/canonical_numbers.h"
#include "engine/model_files/models_solver.h"
#include "formats/float_values.h"
#include "formats/half.h"

namespace imprint::engine {
namespace {

constexpr const char* kTokenTable = "embeddings.token_embedding.weight";

// The entries of CLIP's own vocabulary, which every Stable Diffusion 1.x and 2.x model has.
constexpr int64_t kClipVocabulary = 49'408;

// Without the rows of tokens that were added to the model.
TensorView OwnRows(TensorView table) {
  if (table.shape[0] <= kClipVocabulary) return table;
  const size_t row_bytes = table.data.size() / static_cast<size_t>(table.shape[0]);
  table.shape[0] = kClipVocabulary;
  table.data = table.data.first(row_bytes * kClipVocabulary);
  return table;
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
  ASSIGN_OR_RETURN(const std::string hash, HalfSha256(OwnRows(table->second)));
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

// A tensor as its file has it.
struct Stored {
  std::string file;
  std::string name;
  size_t begin = 0;  // the index of the tensor's first number in it
};

// `tensor` may be part of a stored one, as the query of an old file's joined attention is.
Stored StoredAs(const std::string& tensor, const ComponentWeights& weights) {
  const auto found = weights.tensors.find(tensor);
  if (found == weights.tensors.end()) return {weights.origin, tensor};
  const auto* const begin = found->second.data.data();
  for (const auto& file : weights.files) {
    for (const auto& [name, view] : file.tensors()) {
      const auto* const first = view.data.data();
      if (first <= begin && begin < first + view.data.size()) {
        return {file.path(), name, (begin - first) / ElementSize(view.type)};
      }
    }
  }
  return {weights.origin, tensor};
}

std::string DamageText(const Fingerprint::Damage& damage, const ComponentWeights& weights) {
  const Stored stored = StoredAs(damage.tensor, weights);
  return absl::StrCat("the model is damaged: ", stored.file, ": tensor ", Quoted(stored.name),
                      ": number ", stored.begin + damage.index, " is ", damage.value);
}

// Of a checker that nobody can read, too, there is nothing to say here: whoever loads it says it.
void LookThroughSafetyChecker(const ModelFiles& files, WeightsIdentity& identity) {
  if (!files.Has(kSafetyChecker)) return;
  const auto weights = files.Weights(kSafetyChecker);
  if (!weights.ok()) return;
  Fingerprint looked_through;
  looked_through.Add(kSafetyChecker, weights->tensors);
  if (looked_through.damage() && identity.damage.empty()) {
    identity.damage = DamageText(*looked_through.damage(), *weights);
  }
  for (const auto& [name, view] : weights->tensors) ForgetPages(view.data);
}

}  // namespace

void Fingerprint::Add(absl::string_view component, const TensorViews& tensors) {
  for (const auto& [name, view] : tensors) {
    hash_.Update(absl::StrCat(component, "/", name, " [", absl::StrJoin(view.shape, ","), "]\n"));
    const std::optional<NotFinite> found = AddNumbers(view, hash_);
    if (found && !damage_) damage_ = Damage{name, found->index, found->value};
  }
}

absl::StatusOr<std::string> HalfSha256(const TensorView& tensor) {
  if (!IsFloatingPoint(tensor.type)) {
    return FieldError("dtype", Name(tensor.type), kFloatingPointTypes);
  }
  std::vector<float> floats(tensor.data.size() / ElementSize(tensor.type));
  ReadFloats(tensor, 0, floats);
  std::vector<uint16_t> halves(floats.size());
  std::transform(floats.begin(), floats.end(), halves.begin(), HalfFromFloat);
  return Sha256Hex(std::as_bytes(std::span(halves)));
}

std::string GuessedPredictionText(const std::string& file, absl::string_view taken,
                                  absl::string_view why) {
  const std::string yaml = std::filesystem::path(file).replace_extension(".yaml").string();
  return absl::StrCat(file, " does not say whether its network predicts noise or v: ", taken,
                      " is a guess, as ", why,
                      ". If pictures come out as noise or garish, say it in ", yaml,
                      ": model: {params: {parameterization: eps}}, or v");
}

absl::StatusOr<WeightsIdentity> IdentifyWeights(const ModelFiles& files) {
  WeightsIdentity identity;
  Fingerprint fingerprint;
  for (const char* component : kFingerprintedComponents) {
    ASSIGN_OR_RETURN(const ComponentWeights weights, files.Weights(component));
    fingerprint.Add(component, weights.tensors);
    if (fingerprint.damage() && identity.damage.empty()) {
      identity.damage = DamageText(*fingerprint.damage(), weights);
    }
    if (absl::string_view(component) == "text_encoder") {
      RETURN_IF_ERROR(ReadTextEncoder(weights.tensors, weights.origin, identity));
    }
    for (const auto& [name, view] : weights.tensors) ForgetPages(view.data);
  }
  identity.fingerprint = fingerprint.HexDigest();
  LookThroughSafetyChecker(files, identity);
  return identity;
}

absl::StatusOr<ModelIdentity> CompleteIdentity(const ModelFiles& files,
                                               const WeightsIdentity& weights) {
  ModelIdentity identity{weights};
  RETURN_IF_ERROR(ReadSizes(files, identity));
  identity.has_safety_checker = files.Has(kSafetyChecker);
  ASSIGN_OR_RETURN(const JsonObject schedule, files.SchedulerConfig());
  ModelsSolver solver = SolverOf(schedule);
  identity.solver = solver.choice;
  identity.solver_instead = std::move(solver.instead);
  if (!weights.damage.empty()) identity.warnings.push_back(weights.damage);
  if (files.GuessesPrediction()) {
    ASSIGN_OR_RETURN(const std::string taken, schedule.Get<std::string>("prediction_type"));
    identity.warnings.push_back(
        GuessedPredictionText(files.path().string(), taken, "its weights look so"));
  }
  return identity;
}

absl::StatusOr<ModelIdentity> IdentifyModel(const ModelFiles& files) {
  ASSIGN_OR_RETURN(const WeightsIdentity weights, IdentifyWeights(files));
  return CompleteIdentity(files, weights);
}

}  // namespace imprint::engine
