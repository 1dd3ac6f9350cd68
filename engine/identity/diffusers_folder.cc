#include "engine/identity/diffusers_folder.h"

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::filesystem::path InFolder(const std::filesystem::path& root, absl::string_view component) {
  return root / std::string(component);
}

absl::StatusOr<JsonObject> LoadConfig(const std::filesystem::path& path) {
  if (!Exists(path)) return absl::NotFoundError(absl::StrCat(path.string(), " is missing"));
  return JsonObject::Load(path);
}

}  // namespace

absl::StatusOr<DiffusersFolder> DiffusersFolder::Open(const std::filesystem::path& root) {
  const std::filesystem::path index_path = root / "model_index.json";
  if (!Exists(root)) return absl::NotFoundError(absl::StrCat("model: no folder ", root.string()));
  if (!Exists(index_path)) {
    return absl::NotFoundError(
        absl::StrCat("model: ", index_path.string(),
                     " is missing; expected the folder of a Stable Diffusion model as Diffusers "
                     "saves it"));
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
         (*entry)[1].is_string() && Exists(InFolder(root_, component));
}

absl::StatusOr<JsonObject> DiffusersFolder::Config(absl::string_view component) const {
  return LoadConfig(InFolder(root_, component) / "config.json");
}

absl::StatusOr<JsonObject> DiffusersFolder::SchedulerConfig() const {
  return LoadConfig(root_ / "scheduler" / "scheduler_config.json");
}

absl::StatusOr<std::filesystem::path> DiffusersFolder::WeightsPath(
    absl::string_view component) const {
  const std::filesystem::path folder = InFolder(root_, component);
  for (const char* name : {"diffusion_pytorch_model.safetensors", "model.safetensors",
                           "diffusion_pytorch_model.fp16.safetensors", "model.fp16.safetensors"}) {
    if (Exists(folder / name)) return folder / name;
  }
  for (const char* name :
       {"diffusion_pytorch_model.safetensors.index.json", "model.safetensors.index.json"}) {
    if (Exists(folder / name)) {
      return absl::InvalidArgumentError(
          absl::StrCat((folder / name).string(),
                       ": weights in several files are not supported; save them as one"));
    }
  }
  for (const char* name : {"diffusion_pytorch_model.bin", "pytorch_model.bin"}) {
    if (Exists(folder / name)) {
      return absl::InvalidArgumentError(
          absl::StrCat((folder / name).string(),
                       ": pickled weights are never read; save the model as safetensors"));
    }
  }
  return absl::NotFoundError(absl::StrCat(
      folder.string(),
      ": no weights; expected diffusion_pytorch_model.safetensors or model.safetensors, or their "
      ".fp16 variants"));
}

}  // namespace imprint
