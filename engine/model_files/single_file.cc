#include "engine/model_files/single_file.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include <yaml-cpp/yaml.h>

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model_files/component_folder.h"
#include "engine/model_files/original_layout.h"
#include "engine/model_files/other_kinds.h"
#include "engine/model_files/tensor_names.h"
#include "formats/float_values.h"

namespace imprint::engine {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kUnet = "model.diffusion_model.";
constexpr absl::string_view kVae = "first_stage_model.";
constexpr absl::string_view kClipText = "cond_stage_model.transformer.";
constexpr absl::string_view kOpenClip = "cond_stage_model.model.";

constexpr absl::string_view kExpected =
    "a Stable Diffusion 1.x or 2.x checkpoint in one .safetensors file";

absl::Status Refuse(const fs::path& path, absl::string_view kind) {
  return FieldError(absl::StrCat("model: ", path.string()), kind, kExpected);
}

absl::Status CheckFormat(const fs::path& path) {
  std::string begin(9, '\0');
  std::ifstream(path, std::ios::binary).read(begin.data(), std::ssize(begin));
  if (const auto kind = OtherFileFormat(begin)) return Refuse(path, *kind);
  return absl::OkStatus();
}

TensorViews Under(const TensorViews& tensors, absl::string_view prefix) {
  TensorViews inside;
  for (auto it = tensors.lower_bound(prefix);
       it != tensors.end() && absl::StartsWith(it->first, prefix); ++it) {
    inside[it->first.substr(prefix.size())] = it->second;
  }
  return inside;
}

// The step that a checkpoint was saved at, where it says so.
int64_t GlobalStep(const TensorViews& tensors) {
  const auto found = tensors.find("global_step");
  int64_t step = 0;
  if (found == tensors.end() || found->second.type != DType::kI64 ||
      found->second.data.size() != sizeof(step)) {
    return 0;
  }
  std::memcpy(&step, found->second.data.data(), sizeof(step));
  return step;
}

// Which of the two a Stable Diffusion 2.x network predicts when nothing says so, by its weights: a
// threshold that ComfyUI (comfy/supported_models.py, SD20) takes. Networks of other sizes have no
// such tensor, and are taken for v.
bool LikelyVelocity(const TensorViews& tensors) {
  constexpr absl::string_view kBias =
      "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias";
  constexpr double kThreshold = 0.09;
  const auto found = tensors.find(kBias);
  if (found == tensors.end() || !IsFloatingPoint(found->second.type)) return true;
  std::vector<float> values(found->second.data.size() / ElementSize(found->second.type));
  if (values.empty()) return true;
  ReadFloats(found->second, 0, values);
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const float value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / count) > kThreshold;
}

struct Prediction {
  bool velocity;
  PredictionEvidence evidence;
};

// What the .yaml beside a checkpoint says about its prediction, if there is one. Without the word
// it is noise: the original code's default, and all that v2-inference.yaml says.
absl::StatusOr<std::optional<bool>> VelocityByYaml(const fs::path& yaml) {
  constexpr const char* kField = "model.params.parameterization";
  if (!Exists(yaml)) return std::nullopt;
  std::string parameterization;
  try {
    const YAML::Node params = YAML::LoadFile(yaml.string())["model"]["params"];
    if (!params.IsMap()) {
      return FieldError(absl::StrCat(yaml.string(), ": model.params"), "none",
                        "a map, as in the original code's configurations");
    }
    if (!params["parameterization"]) return false;
    parameterization = params["parameterization"].as<std::string>();
  } catch (const YAML::Exception& error) {
    return FieldError(yaml.string(), error.what(), "YAML with model.params.parameterization");
  }
  if (parameterization == "v") return true;
  if (parameterization == "eps") return false;
  return FieldError(absl::StrCat(yaml.string(), ": ", kField), Quoted(parameterization),
                    "\"v\" or \"eps\"");
}

// By what the file says, or lies beside it, in the order of how sure it is.
absl::StatusOr<Prediction> PredictionOf(const fs::path& path, const SafetensorsFile& file,
                                        OriginalFamily family) {
  const TensorViews& tensors = file.tensors();
  ASSIGN_OR_RETURN(const auto by_yaml, VelocityByYaml(fs::path(path).replace_extension(".yaml")));
  if (by_yaml) return Prediction{*by_yaml, PredictionEvidence::kYaml};
  if (const auto spec = file.metadata().find("modelspec.prediction_type");
      spec != file.metadata().end() && (spec->second == "v" || spec->second == "epsilon")) {
    return Prediction{spec->second == "v", PredictionEvidence::kMetadata};
  }
  if (tensors.contains("v_pred")) return Prediction{true, PredictionEvidence::kMarker};
  if (family == OriginalFamily::kSd1) return Prediction{false, PredictionEvidence::kFamily};
  // The steps that published SD 2.x checkpoints were saved at: 2.0's and 2.1's base models, 2.1 for
  // 768 pixels. Others are told by the .yaml that comes with them.
  const int64_t step = GlobalStep(tensors);
  if (step == 875'000 || step == 220'000) return Prediction{false, PredictionEvidence::kStep};
  if (step == 110'000) return Prediction{true, PredictionEvidence::kStep};
  return Prediction{LikelyVelocity(tensors), PredictionEvidence::kGuess};
}

// Transformers' names say nothing about the family: its width does, and where it is neither's, as
// in small models, whether the UNet has matrices around its attention, as SD 2.x has, or
// convolutions.
OriginalFamily FamilyOfClip(const TensorViews& clip_text, const TensorViews& unet) {
  constexpr absl::string_view kProjection = "middle_block.1.proj_in.weight";
  constexpr int64_t kSd1Width = 768;
  constexpr int64_t kSd2Width = 1024;
  int64_t width = 0;
  for (const auto& [name, tensor] : clip_text) {
    const auto canonical = CanonicalTensorName("text_encoder", name);
    if (canonical == "embeddings.token_embedding.weight") width = ExtentOf(clip_text, name, 1);
  }
  if (width == kSd1Width) return OriginalFamily::kSd1;
  if (width == kSd2Width) return OriginalFamily::kSd2;
  const auto projection = unet.find(kProjection);
  const bool matrix = projection != unet.end() && projection->second.shape.size() == 2;
  return matrix ? OriginalFamily::kSd2 : OriginalFamily::kSd1;
}

}  // namespace

absl::StatusOr<SingleFile> SingleFile::Open(const fs::path& path,
                                            const ModelAssumptions& assumptions) {
  RETURN_IF_ERROR(CheckFormat(path));
  ASSIGN_OR_RETURN(SafetensorsFile opened, SafetensorsFile::Open(path));
  SingleFile file(path, std::move(opened));
  const TensorViews& tensors = file.file_.tensors();
  if (const auto kind = OtherCheckpoint(tensors)) return Refuse(path, *kind);

  const TensorViews unet = Under(tensors, kUnet);
  const TensorViews vae = Under(tensors, kVae);
  const TensorViews clip_text = Under(tensors, kClipText);
  const TensorViews open_clip = Under(tensors, kOpenClip);
  if (clip_text.empty() && open_clip.empty()) {
    return Refuse(path, "a checkpoint without a text encoder");
  }
  if (vae.empty() && !file.Has("vae")) {
    return Refuse(path, absl::StrCat("a checkpoint without a VAE (no tensor ", kVae,
                                     "…, and no vae/ as Diffusers saves it beside the file)"));
  }
  file.family_ = open_clip.empty() ? FamilyOfClip(clip_text, unet) : OriginalFamily::kSd2;
  if (assumptions.predicts_velocity) {
    file.predicts_velocity_ = *assumptions.predicts_velocity;
    file.evidence_ = PredictionEvidence::kCaller;
  } else {
    ASSIGN_OR_RETURN(const Prediction prediction, PredictionOf(path, file.file_, file.family_));
    file.predicts_velocity_ = prediction.velocity;
    file.evidence_ = prediction.evidence;
  }

  const auto add = [&](const char* component, absl::string_view prefix,
                       OriginalComponent converted) {
    for (std::string& name : converted.passed_over) name = absl::StrCat(prefix, name);
    file.components_[component] = std::move(converted);
  };
  if (open_clip.empty()) {
    add("text_encoder", kClipText, FromClipTextModel(clip_text, file.family_));
  } else {
    add("text_encoder", kOpenClip, FromOpenClip(open_clip));
  }
  add("unet", kUnet, FromOriginalUnet(unet, file.family_, file.predicts_velocity_));
  if (!vae.empty()) add("vae", kVae, FromOriginalVae(vae));
  const absl::string_view text = open_clip.empty() ? kClipText : kOpenClip;
  for (const auto& [name, tensor] : tensors) {
    const bool inside = absl::StartsWith(name, kUnet) || absl::StartsWith(name, kVae) ||
                        absl::StartsWith(name, text);
    if (!inside) file.passed_over_.push_back(name);
  }
  return file;
}

fs::path SingleFile::Beside(absl::string_view component) const {
  return path().parent_path() / std::string(component);
}

bool SingleFile::Has(absl::string_view component) const {
  return components_.contains(component) || Exists(Beside(component) / "config.json");
}

absl::StatusOr<JsonObject> SingleFile::Config(absl::string_view component) const {
  const auto found = components_.find(component);
  if (found == components_.end()) return LoadConfig(Beside(component) / "config.json");
  return JsonObject::Parse(found->second.config.dump(),
                           absl::StrCat(path().string(), ": ", component));
}

absl::StatusOr<JsonObject> SingleFile::SchedulerConfig() const {
  // What Diffusers has for every model of both families.
  const nlohmann::json config = {
      {"_class_name", "PNDMScheduler"},
      {"beta_start", 0.00085},
      {"beta_end", 0.012},
      {"beta_schedule", "scaled_linear"},
      {"num_train_timesteps", 1000},
      {"set_alpha_to_one", false},
      {"skip_prk_steps", true},
      {"prediction_type", predicts_velocity_ ? "v_prediction" : "epsilon"}};
  return JsonObject::Parse(config.dump(), absl::StrCat(path().string(), ": scheduler"));
}

absl::StatusOr<std::vector<fs::path>> SingleFile::WeightsPaths(absl::string_view component) const {
  if (components_.contains(component)) return std::vector{path()};
  return WeightsPathsIn(Beside(component));
}

absl::StatusOr<ComponentWeights> SingleFile::Weights(absl::string_view component) const {
  if (const auto found = components_.find(component); found != components_.end()) {
    return ComponentWeights{.origin = path().string(),
                            .tensors = found->second.tensors,
                            .files = {file_},
                            .passed_over = found->second.passed_over};
  }
  return WeightsIn(Beside(component), component);
}

absl::StatusOr<ClipTokenizer> SingleFile::LoadTokenizer() const {
  if (Exists(Beside("tokenizer"))) return ClipTokenizer::Load(Beside("tokenizer"));
  return ClipTokenizer::Standard(family_ == OriginalFamily::kSd1 ? "<|endoftext|>" : "!");
}

}  // namespace imprint::engine
