#include "engine/model/base_model.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/identity/diffusers_folder.h"
#include "engine/identity/model_identity.h"
#include "engine/identity/tensor_names.h"
#include "engine/model/clip_config.h"
#include "engine/model/model_parts.h"
#include "engine/model/unet_config.h"
#include "engine/model/vae_config.h"
#include "engine/runtime/torch_errors.h"
#include "engine/weights/weight_binder.h"

namespace imprint {
namespace {

struct Component {
  std::string path;
  NamedTensors tensors;
};

absl::StatusOr<Component> LoadComponent(const DiffusersFolder& folder, const char* name) {
  ASSIGN_OR_RETURN(const std::filesystem::path path, folder.WeightsPath(name));
  ASSIGN_OR_RETURN(NamedTensors tensors, MapWeights(path));
  NamedTensors canonical;
  for (auto& [given, tensor] : tensors) {
    if (const auto renamed = CanonicalTensorName(name, given)) canonical[*renamed] = tensor;
  }
  return Component{path.string(), std::move(canonical)};
}

int64_t CountParameters(const NamedTensors& tensors) {
  int64_t count = 0;
  for (const auto& [name, tensor] : tensors) count += tensor.numel();
  return count;
}

// Builds a network from a component's tensors; fails if any is missing, misshapen or left over.
template <typename Build>
auto Bind(const Component& component, const ComputeOptions& options, Build&& build)
    -> absl::StatusOr<decltype(build(std::declval<WeightScope>()))> {
  WeightBinder binder(component.tensors, component.path, options);
  auto network = build(WeightScope(binder));
  RETURN_IF_ERROR(binder.Finish());
  return network;
}

absl::StatusOr<std::optional<SafetyChecker>> LoadSafetyChecker(const DiffusersFolder& folder,
                                                               const ComputeOptions& options) {
  constexpr const char* kName = "safety_checker";
  if (!folder.Has(kName)) return std::nullopt;
  ASSIGN_OR_RETURN(const JsonObject config, folder.Config(kName));
  ASSIGN_OR_RETURN(const JsonObject vision_config, config.Object("vision_config"));
  ASSIGN_OR_RETURN(const ClipVisionConfig vision, ClipVisionConfig::Parse(vision_config));
  ASSIGN_OR_RETURN(const int64_t projection, ClipProjection(config));
  ASSIGN_OR_RETURN(const Component component, LoadComponent(folder, kName));
  const auto rows = [&](const char* name) -> int64_t {
    const auto found = component.tensors.find(name);
    return found == component.tensors.end() || found->second.dim() == 0 ? 1 : found->second.size(0);
  };
  if (rows("concept_embeds") == 0) {
    return FieldError(absl::StrCat(component.path, ": concept_embeds"), "no concept",
                      "at least one, or the checker would let everything pass");
  }
  ASSIGN_OR_RETURN(SafetyChecker checker, Bind(component, options, [&](const WeightScope& weights) {
                     return SafetyChecker(weights, vision, projection, rows("concept_embeds"),
                                          rows("special_care_embeds"));
                   }));
  return checker;
}

absl::Status CheckThatPartsFit(const std::filesystem::path& root, const ClipTokenizer& tokenizer,
                               const ClipTextConfig& text, const UnetConfig& unet) {
  const auto refuse = [&](const char* what, int64_t given, int64_t expected) {
    return FieldError(absl::StrCat(root.string(), ": ", what), absl::StrCat(given),
                      absl::StrCat(expected));
  };
  if (unet.context_channels != text.tower.width) {
    return refuse("unet/config.json: cross_attention_dim", unet.context_channels, text.tower.width);
  }
  if (tokenizer.length() != text.length) {
    return refuse("tokenizer: model_max_length", tokenizer.length(), text.length);
  }
  if (tokenizer.vocabulary_size() > text.vocabulary) {
    return refuse("tokenizer/vocab.json: entries", tokenizer.vocabulary_size(), text.vocabulary);
  }
  return absl::OkStatus();
}

}  // namespace

BaseModel::BaseModel(BaseModelInfo info, ClipTokenizer tokenizer,
                     std::unique_ptr<const ModelParts> parts)
    : info_(std::move(info)), tokenizer_(std::move(tokenizer)), parts_(std::move(parts)) {}

BaseModel::~BaseModel() = default;

absl::StatusOr<std::shared_ptr<const BaseModel>> BaseModel::Load(
    const std::filesystem::path& root) {
  using Result = absl::StatusOr<std::shared_ptr<const BaseModel>>;
  return CatchTorchErrors([&]() -> Result {
    const ComputeOptions options;
    ASSIGN_OR_RETURN(const DiffusersFolder folder, DiffusersFolder::Open(root));
    ASSIGN_OR_RETURN(const JsonObject text_json, folder.Config("text_encoder"));
    ASSIGN_OR_RETURN(const ClipTextConfig text_config, ClipTextConfig::Parse(text_json));
    ASSIGN_OR_RETURN(const JsonObject unet_json, folder.Config("unet"));
    ASSIGN_OR_RETURN(const UnetConfig unet_config, UnetConfig::Parse(unet_json));
    ASSIGN_OR_RETURN(const JsonObject vae_json, folder.Config("vae"));
    ASSIGN_OR_RETURN(const VaeConfig vae_config, VaeConfig::Parse(vae_json));
    ASSIGN_OR_RETURN(const JsonObject schedule_json, folder.SchedulerConfig());
    ASSIGN_OR_RETURN(NoiseSchedule schedule, NoiseSchedule::Parse(schedule_json));
    ASSIGN_OR_RETURN(ClipTokenizer tokenizer, ClipTokenizer::Load(root / "tokenizer"));
    RETURN_IF_ERROR(CheckThatPartsFit(root, tokenizer, text_config, unet_config));

    ASSIGN_OR_RETURN(const Component text, LoadComponent(folder, "text_encoder"));
    ASSIGN_OR_RETURN(const Component unet, LoadComponent(folder, "unet"));
    ASSIGN_OR_RETURN(const Component vae, LoadComponent(folder, "vae"));

    ASSIGN_OR_RETURN(ClipTextEncoder text_encoder,
                     Bind(text, options, [&](const WeightScope& weights) {
                       return ClipTextEncoder(weights, text_config);
                     }));
    ASSIGN_OR_RETURN(Unet network, Bind(unet, options, [&](const WeightScope& weights) {
                       return Unet(weights, unet_config);
                     }));
    ASSIGN_OR_RETURN(auto coder, Bind(vae, options, [&](const WeightScope& weights) {
                       return std::pair(VaeEncoder(weights, vae_config),
                                        VaeDecoder(weights, vae_config));
                     }));
    ASSIGN_OR_RETURN(auto safety_checker, LoadSafetyChecker(folder, options));

    ASSIGN_OR_RETURN(const ModelIdentity identity, IdentifyModel(folder));
    BaseModelInfo info{
        .folder = root.string(),
        .fingerprint = identity.fingerprint,
        .text_encoder_identity = identity.text_encoder_identity,
        .embedding_width = static_cast<int>(text_encoder.width()),
        .prompt_tokens = tokenizer.length(),
        .picture_size = static_cast<int>(unet_config.sample_size * vae_config.Factor()),
        // The autoencoder's own limit; the UNet meets sizes of any parity.
        .size_multiple = static_cast<int>(vae_config.Factor()),
        .prediction = std::string(Name(schedule.prediction())),
        .training_timesteps = static_cast<int>(schedule.timesteps()),
        .mean_token_norm = text_encoder.MeanTokenNorm(),
        .has_safety_checker = safety_checker.has_value(),
        .parameters = {{"text_encoder", CountParameters(text.tensors)},
                       {"unet", CountParameters(unet.tensors)},
                       {"vae", CountParameters(vae.tensors)}}};
    auto parts = std::unique_ptr<const ModelParts>(new ModelParts{
        options, vae_config, std::move(text_encoder), std::move(network), std::move(coder.first),
        std::move(coder.second), std::move(schedule), std::move(safety_checker)});
    return std::shared_ptr<const BaseModel>(
        new BaseModel(std::move(info), std::move(tokenizer), std::move(parts)));
  });
}

}  // namespace imprint
