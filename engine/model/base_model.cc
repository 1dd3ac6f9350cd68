#include "engine/model/base_model.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/identity/known_identity.h"
#include "engine/model/clip_config.h"
#include "engine/model/model_parts.h"
#include "engine/model/prediction_seen.h"
#include "engine/model/unet_config.h"
#include "engine/model/vae_config.h"
#include "engine/model_files/model_files.h"
#include "engine/model_files/models_solver.h"
#include "engine/torch/torch_device.h"
#include "engine/torch/torch_errors.h"
#include "engine/weights/weight_binder.h"

namespace imprint::engine {
namespace {

at::ScalarType TypeOf(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return at::kBFloat16;
    case Precision::kFp16:
      return at::kHalf;
    case Precision::kFp32:
      break;
  }
  return at::kFloat;
}

struct Component {
  std::string path;
  NamedTensors tensors;
  int64_t parameters;
  std::vector<std::string> passed_over;
};

int64_t CountParameters(const NamedTensors& tensors) {
  int64_t count = 0;
  for (const auto& [name, tensor] : tensors) count += tensor.numel();
  return count;
}

absl::StatusOr<Component> LoadComponent(const ModelFiles& files, const char* name) {
  ASSIGN_OR_RETURN(ComponentWeights opened, files.Weights(name));
  const auto weights = std::make_shared<const ComponentWeights>(std::move(opened));
  ASSIGN_OR_RETURN(NamedTensors tensors, TensorsOf(weights->tensors, weights, weights->origin));
  const int64_t parameters = CountParameters(tensors);
  return Component{weights->origin, std::move(tensors), parameters, weights->passed_over};
}

// Builds a network from a component's tensors, and uses them up; fails if any is missing or
// misshapen.
template <typename Build>
auto Bind(Component& component, const WeightOptions& options, Build&& build)
    -> absl::StatusOr<decltype(build(std::declval<WeightScope>()))> {
  WeightBinder binder(std::move(component.tensors), component.path, options);
  auto network = build(WeightScope(binder));
  RETURN_IF_ERROR(binder.Finish());
  for (std::string& name : binder.LeftOver()) component.passed_over.push_back(std::move(name));
  return network;
}

absl::StatusOr<std::optional<SafetyChecker>> LoadSafetyChecker(
    const ModelFiles& files, const WeightOptions& options, std::vector<std::string>& passed_over) {
  constexpr const char* kName = "safety_checker";
  if (!files.Has(kName)) return std::nullopt;
  ASSIGN_OR_RETURN(const JsonObject config, files.Config(kName));
  ASSIGN_OR_RETURN(const JsonObject vision_config, config.Object("vision_config"));
  ASSIGN_OR_RETURN(const ClipVisionConfig vision, ClipVisionConfig::Parse(vision_config));
  ASSIGN_OR_RETURN(const int64_t projection, ClipProjection(config));
  ASSIGN_OR_RETURN(Component component, LoadComponent(files, kName));
  const auto rows = [&](const char* name) -> int64_t {
    const auto found = component.tensors.find(name);
    return found == component.tensors.end() || found->second.dim() == 0 ? 1 : found->second.size(0);
  };
  // Read before Bind takes the tensors. One that is missing counts as one row here; Bind names it.
  const int64_t concepts = rows("concept_embeds");
  const int64_t special_care = rows("special_care_embeds");
  if (concepts == 0) {
    return FieldError(absl::StrCat(component.path, ": concept_embeds"), "no concept",
                      "at least one, or the checker would let everything pass");
  }
  ASSIGN_OR_RETURN(SafetyChecker checker, Bind(component, options, [&](const WeightScope& weights) {
                     return SafetyChecker(weights, vision, projection, concepts, special_care);
                   }));
  passed_over.insert(passed_over.end(), component.passed_over.begin(), component.passed_over.end());
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

// A table that grew with the tokenizer has a row for each of its tokens. Diffusers loads the
// others, too, and fails at a prompt that names what has no row.
void MatchAddedTokens(const ClipTextConfig& text, ClipTokenizer& tokenizer,
                      std::vector<std::string>& warnings) {
  const auto rows = static_cast<int32_t>(text.vocabulary);
  const std::vector<std::string> without = tokenizer.LimitAddedTokens(rows);
  if (!without.empty()) {
    warnings.push_back(absl::StrCat(
        "the tokenizer has added tokens for which the text encoder's table of ", rows,
        " rows has none: ", absl::StrJoin(without, ", "), "; in prompts they are ordinary text"));
  } else if (rows > tokenizer.size_with_added()) {
    warnings.push_back(absl::StrCat(
        "the text encoder's table has ", rows, " rows, of which the tokenizer names ",
        tokenizer.size_with_added(),
        ": whatever the others stand for, no prompt can name (is added_tokens.json missing?)"));
  }
}

// The schedule and the size that go with what the network predicts, where its files do not say.
struct Prediction {
  NoiseSchedule schedule;
  int64_t latent_side;
};

// Decides by what the network does with noise, and says so in `info`. The folder is opened again,
// as a single file's schedule and size follow from what it predicts.
absl::StatusOr<Prediction> FindPrediction(const std::filesystem::path& root,
                                          const ClipTokenizer& tokenizer,
                                          const ClipTextEncoder& text_encoder, const Unet& unet,
                                          const NoiseSchedule& guessed, BaseModelInfo& info) {
  const std::vector<TokenizedPrompt> empty = {tokenizer.Encode("", ConceptVocabulary())};
  const bool noise =
      AnswersNoiseWithNoise(unet, guessed, text_encoder.Forward(empty, at::Tensor()));
  ASSIGN_OR_RETURN(const auto files, ModelFiles::Open(root, {.predicts_velocity = !noise}));
  ASSIGN_OR_RETURN(const JsonObject schedule_json, files->SchedulerConfig());
  ASSIGN_OR_RETURN(NoiseSchedule schedule, NoiseSchedule::Parse(schedule_json));
  ASSIGN_OR_RETURN(const JsonObject unet_json, files->Config("unet"));
  ASSIGN_OR_RETURN(const UnetConfig unet_config, UnetConfig::Parse(unet_json));
  if (noise) {
    info.remarks.push_back(
        "the file does not say what it predicts: noise, as its network answers noise with noise");
  } else {
    info.warnings.push_back(
        GuessedPredictionText(root.string(), "v", "its network does not answer noise with noise"));
  }
  return Prediction{std::move(schedule), unet_config.sample_size};
}

void NotePassedOver(const ModelFiles& files, const JsonObject& schedule,
                    std::initializer_list<const Component*> components,
                    std::vector<std::string>& names) {
  for (std::string& name : files.PassedOver()) names.push_back(std::move(name));
  for (const Component* component : components) {
    names.insert(names.end(), component->passed_over.begin(), component->passed_over.end());
  }
  for (const std::string& field : UnknownSchedulerFields(schedule)) {
    names.push_back(absl::StrCat(schedule.origin(), ": ", field));
  }
}

std::map<std::string, std::vector<std::string>> FieldsNotHonouredBySolver(
    const JsonObject& schedule) {
  std::map<std::string, std::vector<std::string>> by_solver;
  for (const std::string& name : SolverNames()) {
    const auto solver = ParseSolver("solver", name);
    if (!solver.ok()) continue;
    std::vector<std::string> fields = FieldsNotHonoured(schedule, *solver);
    if (!fields.empty()) by_solver[name] = std::move(fields);
  }
  return by_solver;
}

}  // namespace

BaseModel::BaseModel(BaseModelInfo info, ClipTokenizer tokenizer,
                     std::unique_ptr<const ModelParts> parts)
    : info_(std::move(info)), tokenizer_(std::move(tokenizer)), parts_(std::move(parts)) {}

BaseModel::~BaseModel() = default;

absl::StatusOr<std::shared_ptr<const BaseModel>> BaseModel::Load(const std::filesystem::path& root,
                                                                 const ComputeChoice& compute) {
  using Result = absl::StatusOr<std::shared_ptr<const BaseModel>>;
  return CatchTorchErrors([&]() -> Result {
    ASSIGN_OR_RETURN(const at::Device device, TorchDevice(compute.device));
    const WeightOptions full_precision{.device = device};
    const WeightOptions unet_options{.device = device, .type = TypeOf(compute.precision)};
    const WeightOptions& vae_options =
        compute.precision == Precision::kFp16 ? full_precision : unet_options;
    ASSIGN_OR_RETURN(const auto opened, ModelFiles::Open(root));
    const ModelFiles& files = *opened;
    ASSIGN_OR_RETURN(const JsonObject text_json, files.Config("text_encoder"));
    ASSIGN_OR_RETURN(const ClipTextConfig text_config, ClipTextConfig::Parse(text_json));
    ASSIGN_OR_RETURN(const JsonObject unet_json, files.Config("unet"));
    ASSIGN_OR_RETURN(const UnetConfig unet_config, UnetConfig::Parse(unet_json));
    ASSIGN_OR_RETURN(const JsonObject vae_json, files.Config("vae"));
    ASSIGN_OR_RETURN(const VaeConfig vae_config, VaeConfig::Parse(vae_json));
    ASSIGN_OR_RETURN(const JsonObject schedule_json, files.SchedulerConfig());
    ASSIGN_OR_RETURN(NoiseSchedule schedule, NoiseSchedule::Parse(schedule_json));
    ASSIGN_OR_RETURN(ClipTokenizer tokenizer, files.LoadTokenizer());
    RETURN_IF_ERROR(CheckThatPartsFit(root, tokenizer, text_config, unet_config));
    // Before the weights are copied: hashing looks at all of the file's memory, and returns it.
    ASSIGN_OR_RETURN(const ModelIdentity identity, KnownIdentity(files, IdentityCache()));

    ASSIGN_OR_RETURN(Component text, LoadComponent(files, "text_encoder"));
    ASSIGN_OR_RETURN(Component unet, LoadComponent(files, "unet"));
    ASSIGN_OR_RETURN(Component vae, LoadComponent(files, "vae"));

    ASSIGN_OR_RETURN(ClipTextEncoder text_encoder,
                     Bind(text, full_precision, [&](const WeightScope& weights) {
                       return ClipTextEncoder(weights, text_config);
                     }));
    ASSIGN_OR_RETURN(Unet network, Bind(unet, unet_options, [&](const WeightScope& weights) {
                       return Unet(weights, unet_config);
                     }));
    ASSIGN_OR_RETURN(auto coder, Bind(vae, vae_options, [&](const WeightScope& weights) {
                       return std::pair(VaeEncoder(weights, vae_config),
                                        VaeDecoder(weights, vae_config));
                     }));
    BaseModelInfo info{.folder = root.string()};
    ASSIGN_OR_RETURN(auto safety_checker,
                     LoadSafetyChecker(files, full_precision, info.passed_over));
    int64_t latent_side = unet_config.sample_size;
    if (!identity.damage.empty()) info.warnings.push_back(identity.damage);
    MatchAddedTokens(text_config, tokenizer, info.warnings);
    if (files.GuessesPrediction()) {
      ASSIGN_OR_RETURN(Prediction found,
                       FindPrediction(root, tokenizer, text_encoder, network, schedule, info));
      schedule = std::move(found.schedule);
      latent_side = found.latent_side;
    }

    info.fingerprint = identity.fingerprint;
    info.text_encoder_identity = identity.text_encoder_identity;
    info.embedding_width = static_cast<int>(text_encoder.width());
    info.prompt_tokens = tokenizer.length();
    info.picture_size = static_cast<int>(latent_side * vae_config.Factor());
    // The autoencoder's own limit; the UNet meets sizes of any parity.
    info.size_multiple = static_cast<int>(vae_config.Factor());
    info.prediction = std::string(Name(schedule.prediction()));
    info.training_timesteps = static_cast<int>(schedule.timesteps());
    info.solver = identity.solver;
    info.solver_instead = identity.solver_instead;
    info.fields_not_honoured = FieldsNotHonouredBySolver(schedule_json);
    info.compute = compute;
    info.mean_token_norm = text_encoder.MeanTokenNorm();
    info.has_safety_checker = safety_checker.has_value();
    info.parameters = {
        {"text_encoder", text.parameters}, {"unet", unet.parameters}, {"vae", vae.parameters}};
    info.text_layers = identity.text_layers;
    NotePassedOver(files, schedule_json, {&text, &unet, &vae}, info.passed_over);
    info.damage = identity.damage;
    auto parts = std::unique_ptr<const ModelParts>(
        new ModelParts{device, vae_config, latent_side, std::move(text_encoder), std::move(network),
                       std::move(coder.first), std::move(coder.second), schedule.On(device),
                       std::move(safety_checker)});
    return std::shared_ptr<const BaseModel>(
        new BaseModel(std::move(info), std::move(tokenizer), std::move(parts)));
  });
}

}  // namespace imprint::engine
