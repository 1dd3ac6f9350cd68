#include "engine/model_files/diffusers_folder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model_files/component_folder.h"

namespace imprint::engine {
namespace {

// The parts that decide what is drawn, and the classes of them that we build.
struct Part {
  absl::string_view name;
  std::vector<absl::string_view> classes;
};

const std::vector<Part>& NeededParts() {
  static const auto* const parts =
      new std::vector<Part>{{"unet", {"UNet2DConditionModel"}},
                            {"vae", {"AutoencoderKL"}},
                            {"text_encoder", {"CLIPTextModel", "CLIPTextModelWithProjection"}}};
  return *parts;
}

// Parts that change what the UNet is given, and that only other kinds of pipelines have.
constexpr absl::string_view kForeignParts[] = {"text_encoder_2", "transformer", "controlnet",
                                               "adapter", "motion_adapter"};

// Parts that every pipeline may have.
constexpr absl::string_view kUsualParts[] = {"tokenizer", "scheduler", "safety_checker",
                                             "feature_extractor"};

constexpr const char* kClassName = "_class_name";
// For SolverOf (engine/model_files/models_solver.h), which says why it does not count.
constexpr const char* kClassOfFile = "_class_of_file";

// The class of a part by model_index.json; empty for one that is absent, which is written as
// [null, null].
std::string ClassOf(const JsonObject& index, absl::string_view part) {
  const auto entry = index.json().find(std::string(part));
  if (entry == index.json().end() || !entry->is_array() || entry->size() != 2 ||
      !(*entry)[1].is_string()) {
    return "";
  }
  return (*entry)[1].get<std::string>();
}

// A class of Diffusers, or [module, class] of somebody's own.
absl::StatusOr<std::string> PipelineClass(const JsonObject& index) {
  const auto list = index.Get<std::vector<std::string>>(kClassName);
  if (list.ok() && !list->empty()) return list->back();
  return index.Get<std::string>(kClassName);
}

// By its parts, whatever it is called.
absl::Status CheckKind(const JsonObject& index) {
  constexpr absl::string_view kPlainPipeline = "StableDiffusionPipeline";
  ASSIGN_OR_RETURN(const std::string pipeline, PipelineClass(index));
  const auto refuse = [&](absl::string_view what) {
    return FieldError(absl::StrCat(index.origin(), ": _class_name"),
                      absl::StrCat(Quoted(pipeline), ", which has ", what),
                      "the parts of a Stable Diffusion 1.x or 2.x model, whatever the pipeline is "
                      "called: unet (UNet2DConditionModel), vae (AutoencoderKL) and text_encoder "
                      "(CLIPTextModel)");
  };
  for (const absl::string_view part : kForeignParts) {
    if (!ClassOf(index, part).empty()) return refuse(absl::StrCat("a part ", part));
  }
  for (const Part& part : NeededParts()) {
    const std::string found = ClassOf(index, part.name);
    // What a plain pipeline lacks is said by the name of its file, once it is looked for.
    if (found.empty() && pipeline == kPlainPipeline) continue;
    if (std::find(part.classes.begin(), part.classes.end(), found) != part.classes.end()) continue;
    return refuse(found.empty() ? absl::StrCat("no ", part.name)
                                : absl::StrCat("the ", part.name, " ", Quoted(found)));
  }
  return absl::OkStatus();
}

std::filesystem::path InFolder(const std::filesystem::path& root, absl::string_view component) {
  return root / std::string(component);
}

}  // namespace

absl::StatusOr<DiffusersFolder> DiffusersFolder::Open(const std::filesystem::path& root) {
  const std::filesystem::path index_path = root / "model_index.json";
  if (!Exists(root))
    return absl::NotFoundError(absl::StrCat("model: no folder or file ", root.string()));
  if (!Exists(index_path)) {
    return absl::NotFoundError(
        absl::StrCat("model: ", index_path.string(),
                     " is missing; expected the folder of a Stable Diffusion model as Diffusers "
                     "saves it, or a single .safetensors file"));
  }
  ASSIGN_OR_RETURN(JsonObject index, JsonObject::Load(index_path));
  RETURN_IF_ERROR(CheckKind(index));
  return DiffusersFolder(root, std::move(index));
}

bool DiffusersFolder::Has(absl::string_view component) const {
  return !ClassOf(index_, component).empty() && Exists(InFolder(path(), component));
}

absl::StatusOr<JsonObject> DiffusersFolder::Config(absl::string_view component) const {
  return LoadConfig(InFolder(path(), component) / "config.json");
}

absl::StatusOr<JsonObject> DiffusersFolder::SchedulerConfig() const {
  ASSIGN_OR_RETURN(JsonObject config, LoadConfig(path() / "scheduler" / "scheduler_config.json"));
  const std::string named = ClassOf(index_, "scheduler");
  const std::string own = config.Get<std::string>(kClassName).value_or("");
  if (named.empty() || named == own) return config;
  return config.With(kClassName, named).With(kClassOfFile, own);
}

absl::StatusOr<std::vector<std::filesystem::path>> DiffusersFolder::WeightsPaths(
    absl::string_view component) const {
  return WeightsPathsIn(InFolder(path(), component));
}

absl::StatusOr<ComponentWeights> DiffusersFolder::Weights(absl::string_view component) const {
  return WeightsIn(InFolder(path(), component), component);
}

std::vector<std::string> DiffusersFolder::PassedOver() const {
  std::vector<std::string> parts;
  for (const auto& [name, entry] : index_.json().items()) {
    const auto is_it = [&name = name](const auto& known) { return known == name; };
    if (!Has(name) || std::any_of(std::begin(kUsualParts), std::end(kUsualParts), is_it) ||
        std::any_of(NeededParts().begin(), NeededParts().end(),
                    [&](const Part& part) { return is_it(part.name); })) {
      continue;
    }
    parts.push_back(absl::StrCat(name, "/ (", ClassOf(index_, name), ")"));
  }
  return parts;
}

}  // namespace imprint::engine
