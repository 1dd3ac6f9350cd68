#include "engine/model_files/component_folder.h"

#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model_files/tensor_names.h"

namespace imprint::engine {
namespace {

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

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

absl::StatusOr<JsonObject> LoadConfig(const std::filesystem::path& path) {
  if (!Exists(path)) return absl::NotFoundError(absl::StrCat(path.string(), " is missing"));
  return JsonObject::Load(path);
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

absl::StatusOr<ComponentWeights> WeightsIn(const std::filesystem::path& folder,
                                           absl::string_view component) {
  ASSIGN_OR_RETURN(const auto paths, WeightsPathsIn(folder));
  ComponentWeights weights;
  weights.origin = paths.size() == 1 ? paths[0].string() : paths[0].parent_path().string();
  for (const std::filesystem::path& path : paths) {
    ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Open(path));
    for (const auto& [given, tensor] : file.tensors()) {
      const auto name = CanonicalTensorName(component, given);
      if (!name) weights.passed_over.push_back(given);
      if (name && !weights.tensors.emplace(*name, tensor).second) {
        return FieldError(absl::StrCat(path.string(), ": tensor ", Quoted(given)),
                          "a second one of that name", "each tensor once");
      }
    }
    weights.files.push_back(std::move(file));
  }
  return weights;
}

}  // namespace imprint::engine
