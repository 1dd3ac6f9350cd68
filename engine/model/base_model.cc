#include "engine/model/base_model.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model/clip_config.h"
#include "engine/model/model_parts.h"
#include "engine/model/unet_config.h"
#include "engine/model/vae_config.h"
#include "engine/runtime/torch_errors.h"
#include "engine/weights/diffusers_folder.h"
#include "engine/weights/fingerprint.h"
#include "engine/weights/weight_binder.h"

namespace imprint {
namespace {

// Beginnings of names as older libraries wrote them, and as they are today.
struct Renaming {
  const char* component;
  const char* from;
  const char* to;
};
constexpr Renaming kRenamings[] = {
    {"text_encoder", "text_model.", ""},
    {"safety_checker", "vision_model.vision_model.", "vision_model."},
    // Every published SD 1.x and 2.x autoencoder.
    {"vae", "encoder.mid_block.attentions.0.query.", "encoder.mid_block.attentions.0.to_q."},
    {"vae", "encoder.mid_block.attentions.0.key.", "encoder.mid_block.attentions.0.to_k."},
    {"vae", "encoder.mid_block.attentions.0.value.", "encoder.mid_block.attentions.0.to_v."},
    {"vae", "encoder.mid_block.attentions.0.proj_attn.",
     "encoder.mid_block.attentions.0.to_out.0."},
    {"vae", "decoder.mid_block.attentions.0.query.", "decoder.mid_block.attentions.0.to_q."},
    {"vae", "decoder.mid_block.attentions.0.key.", "decoder.mid_block.attentions.0.to_k."},
    {"vae", "decoder.mid_block.attentions.0.value.", "decoder.mid_block.attentions.0.to_v."},
    {"vae", "decoder.mid_block.attentions.0.proj_attn.",
     "decoder.mid_block.attentions.0.to_out.0."},
};

// A table that is rebuilt from the configuration, yet stored by older libraries: it must not change
// a model's fingerprint.
constexpr absl::string_view kPositionIds = "embeddings.position_ids";

struct Component {
  std::string path;
  NamedTensors tensors;
};

absl::StatusOr<Component> LoadComponent(const DiffusersFolder& folder, const char* name) {
  ASSIGN_OR_RETURN(const std::filesystem::path path, folder.WeightsPath(name));
  ASSIGN_OR_RETURN(NamedTensors tensors, MapWeights(path));
  for (const Renaming& renaming : kRenamings) {
    if (absl::string_view(renaming.component) == name) {
      tensors = WithPrefixReplaced(std::move(tensors), renaming.from, renaming.to);
    }
  }
  std::erase_if(tensors,
                [](const auto& entry) { return absl::EndsWith(entry.first, kPositionIds); });
  return Component{path.string(), std::move(tensors)};
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

std::string TextEncoderIdentity(const ClipTextEncoder& encoder) {
  const int64_t width = encoder.width();
  const char* family = width == 768 ? "sd1" : width == 1024 ? "sd2" : "other";
  return absl::StrCat(family, ":", width, ":", TensorSha256(encoder.token_table().to(at::kHalf)));
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

    Fingerprint fingerprint;
    fingerprint.Add("text_encoder", text.tensors);
    fingerprint.Add("unet", unet.tensors);
    fingerprint.Add("vae", vae.tensors);
    BaseModelInfo info{
        .folder = root.string(),
        .fingerprint = fingerprint.HexDigest(),
        .text_encoder_identity = TextEncoderIdentity(text_encoder),
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
