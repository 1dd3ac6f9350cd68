#include "engine/checkpoint/diffusers_folder.h"

#include <algorithm>
#include <set>
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

// The files that an index of shards names.
absl::StatusOr<std::vector<std::filesystem::path>> ShardsOf(const std::filesystem::path& index) {
  constexpr size_t kMaxIndexBytes = 16 << 20;
  ASSIGN_OR_RETURN(const JsonObject json, JsonObject::Load(index, kMaxIndexBytes));
  ASSIGN_OR_RETURN(const JsonObject map, json.Object("weight_map"));
  std::set<std::string> names;
  for (const auto& [tensor, file] : map.json().items()) {
    const std::filesystem::path name = file.is_string() ? file.get<std::string>() : "";
    if (name.empty() || name != name.filename() || name.extension() != ".safetensors") {
      return FieldError(absl::StrCat(map.origin(), ": ", Quoted(tensor)), Quoted(file.dump()),
                        "the name of a .safetensors file beside it");
    }
    names.insert(name.string());
  }
  if (names.empty()) return FieldError(map.origin(), "no tensor", "at least one");
  std::vector<std::filesystem::path> shards;
  for (const std::string& name : names) {
    shards.push_back(index.parent_path() / name);
    if (!Exists(shards.back())) {
      return absl::NotFoundError(absl::StrCat(shards.back().string(), " is missing, which ",
                                              index.filename().string(), " names"));
    }
  }
  return shards;
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

absl::StatusOr<std::vector<std::filesystem::path>> WeightsPathsIn(
    const std::filesystem::path& folder) {
  for (const char* variant : {"", ".fp16"}) {
    for (const char* stem : {"diffusion_pytorch_model", "model"}) {
      const std::filesystem::path whole = folder / absl::StrCat(stem, variant, ".safetensors");
      if (Exists(whole)) return std::vector{whole};
      // Diffusers and transformers put the variant's name at different places.
      for (const std::string& name : {absl::StrCat(stem, ".safetensors.index", variant, ".json"),
                                      absl::StrCat(stem, variant, ".safetensors.index.json")}) {
        if (Exists(folder / name)) return ShardsOf(folder / name);
      }
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

absl::StatusOr<std::vector<std::filesystem::path>> DiffusersFolder::WeightsPaths(
    absl::string_view component) const {
  return WeightsPathsIn(InFolder(path(), component));
}

absl::StatusOr<ComponentWeights> DiffusersFolder::Weights(absl::string_view component) const {
  ASSIGN_OR_RETURN(const auto paths, WeightsPaths(component));
  return WeightsOf(component, paths);
}

}  // namespace imprint
