#include "engine/checkpoint/diffusers_folder.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/checkpoint/component_folder.h"

namespace imprint {
namespace {

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
  ASSIGN_OR_RETURN(const std::string pipeline, index.Get<std::string>("_class_name"));
  if (pipeline != "StableDiffusionPipeline") {
    return FieldError(absl::StrCat(index_path.string(), ": _class_name"), Quoted(pipeline),
                      "\"StableDiffusionPipeline\", a Stable Diffusion 1.x or 2.x model");
  }
  return DiffusersFolder(root, std::move(index));
}

bool DiffusersFolder::Has(absl::string_view component) const {
  // An absent component is written as [null, null].
  const auto entry = index_.json().find(std::string(component));
  return entry != index_.json().end() && entry->is_array() && entry->size() == 2 &&
         (*entry)[1].is_string() && Exists(InFolder(path(), component));
}

absl::StatusOr<JsonObject> DiffusersFolder::Config(absl::string_view component) const {
  return LoadConfig(InFolder(path(), component) / "config.json");
}

absl::StatusOr<JsonObject> DiffusersFolder::SchedulerConfig() const {
  return LoadConfig(path() / "scheduler" / "scheduler_config.json");
}

absl::StatusOr<std::vector<std::filesystem::path>> DiffusersFolder::WeightsPaths(
    absl::string_view component) const {
  return WeightsPathsIn(InFolder(path(), component));
}

absl::StatusOr<ComponentWeights> DiffusersFolder::Weights(absl::string_view component) const {
  return WeightsIn(InFolder(path(), component), component);
}

}  // namespace imprint
