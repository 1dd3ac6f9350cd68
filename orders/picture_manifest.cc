#include "orders/picture_manifest.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/atomic_file.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

// A million pictures with long prompts.
constexpr size_t kMaxManifestBytes = 256 << 20;

}  // namespace

absl::StatusOr<JsonObject> LoadManifest(const std::filesystem::path& manifest,
                                        std::initializer_list<const char*> lists) {
  ASSIGN_OR_RETURN(JsonObject json, JsonObject::Load(manifest, kMaxManifestBytes));
  for (const char* key : lists) {
    if (!json.json().contains(key) || !json.json()[key].is_array()) {
      return absl::InvalidArgumentError(absl::StrCat(json.origin(), ": ", key, " is missing"));
    }
  }
  return json;
}

nlohmann::json ToJson(const ManifestPicture& picture) {
  const PictureRequest& request = picture.request;
  nlohmann::json json = ToJson(kPictureFields, request);
  json.update(picture.more);
  json["prompt"] = request.prompt;
  json["seed"] = request.seed;
  if (request.source != nullptr) json["strength"] = request.strength;
  json.erase("upscale");
  json.erase("upscale_strength");
  if (request.upscale > 1) {
    json["upscale"] = {{"factor", request.upscale},
                       {"strength", request.upscale_strength},
                       {"width", picture.finished.width},
                       {"height", picture.finished.height}};
  }
  if (picture.comparison) json["comparison"] = true;
  if (!picture.file.empty()) {
    json["file"] = picture.file;
    json["sha256"] = picture.sha256;
  }
  return json;
}

absl::Status WriteManifest(const std::filesystem::path& folder, const PictureManifest& manifest) {
  nlohmann::json embeddings = nlohmann::json::array();
  for (const ManifestEmbedding& embedding : manifest.embeddings) {
    nlohmann::json& entry =
        embeddings.emplace_back(nlohmann::json{{"token", embedding.token},
                                               {"class_word", embedding.class_word},
                                               {"sha256", embedding.sha256}});
    if (!embedding.path.empty()) entry["path"] = embedding.path;
    if (!embedding.name.empty()) entry["name"] = embedding.name;
  }
  nlohmann::json pictures = nlohmann::json::array();
  for (const ManifestPicture& picture : manifest.pictures) pictures.push_back(ToJson(picture));
  nlohmann::json json = manifest.more;
  json["base_model"] = manifest.base_model;
  json["embeddings"] = std::move(embeddings);
  json["pictures"] = std::move(pictures);
  constexpr auto kReplaceBadUtf8 = nlohmann::json::error_handler_t::replace;
  return WriteFileAtomically(folder / kManifestName,
                             json.dump(2, ' ', false, kReplaceBadUtf8) + "\n");
}

absl::StatusOr<ScoredPictures> ReadScoredPictures(const std::filesystem::path& manifest) {
  ASSIGN_OR_RETURN(const JsonObject json, LoadManifest(manifest, {"pictures", "embeddings"}));
  ScoredPictures result;
  const auto parse = [&](const nlohmann::json& entry, const char* key) {
    return JsonObject::Parse(entry.dump(), absl::StrCat(json.origin(), ": ", key));
  };
  for (const nlohmann::json& entry : json.json()["pictures"]) {
    ASSIGN_OR_RETURN(const JsonObject picture, parse(entry, "pictures"));
    if (!picture.Has("file")) continue;  // blocked
    ASSIGN_OR_RETURN(const std::string file, picture.Get<std::string>("file"));
    ASSIGN_OR_RETURN(const std::string prompt, picture.Get<std::string>("prompt"));
    ASSIGN_OR_RETURN(const bool comparison, picture.GetOr<bool>("comparison", false));
    ASSIGN_OR_RETURN(
        const std::string style,
        picture.GetOr<std::string>("prompt_style", std::string(Name(PromptStyle::kEmphasis))));
    ASSIGN_OR_RETURN(const PromptStyle prompt_style, ParsePromptStyle(style));
    result.pictures.push_back({manifest.parent_path() / file, prompt, prompt_style, comparison});
  }
  for (const nlohmann::json& entry : json.json()["embeddings"]) {
    ASSIGN_OR_RETURN(const JsonObject embedding, parse(entry, "embeddings"));
    ASSIGN_OR_RETURN(const std::string token, embedding.Get<std::string>("token"));
    ASSIGN_OR_RETURN(result.class_words[token], embedding.Get<std::string>("class_word"));
  }
  return result;
}

absl::StatusOr<std::vector<std::filesystem::path>> FilesInManifest(
    const std::filesystem::path& manifest) {
  ASSIGN_OR_RETURN(const JsonObject json, LoadManifest(manifest, {"pictures"}));
  std::vector<std::filesystem::path> files;
  for (const nlohmann::json& picture : json.json()["pictures"]) {
    const auto file = picture.is_object() ? picture.find("file") : picture.end();
    if (file == picture.end() || !file->is_string()) continue;
    files.push_back(manifest.parent_path() /
                    std::filesystem::path(file->get<std::string>()).filename());
  }
  return files;
}

}  // namespace imprint
