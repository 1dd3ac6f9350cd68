#include "engine/checkpoint/single_file.h"

#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include <yaml-cpp/yaml.h>

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/checkpoint/component_folder.h"
#include "engine/checkpoint/original_layout.h"
#include "engine/checkpoint/other_kinds.h"

namespace imprint {
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

}  // namespace

absl::StatusOr<SingleFile> SingleFile::Open(const fs::path& path) {
  RETURN_IF_ERROR(CheckFormat(path));
  ASSIGN_OR_RETURN(SafetensorsFile opened, SafetensorsFile::Open(path));
  SingleFile file(path, std::move(opened));
  const TensorViews& tensors = file.file_.tensors();
  if (const auto kind = OtherCheckpoint(tensors)) return Refuse(path, *kind);

  const TensorViews clip_text = Under(tensors, kClipText);
  const TensorViews open_clip = Under(tensors, kOpenClip);
  file.family_ = clip_text.empty() ? OriginalFamily::kSd2 : OriginalFamily::kSd1;
  if (clip_text.empty() && open_clip.empty()) {
    return Refuse(path, "a checkpoint without a text encoder");
  }
  // The one published SD 2.x checkpoint that predicts noise and says which it is; the others that
  // do need the .yaml that comes with them.
  constexpr int64_t kStepOfSd2Base = 875'000;
  file.predicts_velocity_ =
      file.family_ == OriginalFamily::kSd2 && GlobalStep(tensors) != kStepOfSd2Base;
  ASSIGN_OR_RETURN(const auto by_yaml, VelocityByYaml(fs::path(path).replace_extension(".yaml")));
  if (by_yaml) file.predicts_velocity_ = *by_yaml;

  const auto add = [&](const char* component, OriginalComponent converted) {
    file.components_[component] = std::move(converted.tensors);
    file.configs_[component] = std::move(converted.config);
  };
  add("text_encoder", clip_text.empty() ? FromOpenClip(open_clip) : FromClipTextModel(clip_text));
  add("unet", FromOriginalUnet(Under(tensors, kUnet), file.family_, file.predicts_velocity_));
  add("vae", FromOriginalVae(Under(tensors, kVae)));
  return file;
}

fs::path SingleFile::Beside(absl::string_view component) const {
  return path().parent_path() / std::string(component);
}

bool SingleFile::Has(absl::string_view component) const {
  return components_.contains(component) || Exists(Beside(component) / "config.json");
}

absl::StatusOr<JsonObject> SingleFile::Config(absl::string_view component) const {
  const auto found = configs_.find(component);
  if (found == configs_.end()) return LoadConfig(Beside(component) / "config.json");
  return JsonObject::Parse(found->second.dump(), absl::StrCat(path().string(), ": ", component));
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
    return ComponentWeights{.origin = path().string(), .tensors = found->second, .files = {file_}};
  }
  return WeightsIn(Beside(component), component);
}

absl::StatusOr<ClipTokenizer> SingleFile::LoadTokenizer() const {
  if (Exists(Beside("tokenizer"))) return ClipTokenizer::Load(Beside("tokenizer"));
  return ClipTokenizer::Standard(family_ == OriginalFamily::kSd1 ? "<|endoftext|>" : "!");
}

}  // namespace imprint
