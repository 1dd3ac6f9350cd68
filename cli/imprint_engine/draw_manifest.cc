#include "cli/imprint_engine/draw_manifest.h"

#include "absl/strings/str_cat.h"

#include "base/json_object.h"
#include "base/status_macros.h"

namespace imprint::cli {

nlohmann::json ManifestJson(const BaseModelInfo& model,
                            const std::vector<EmbeddingRecord>& embeddings,
                            const std::optional<SourceRecord>& source,
                            const std::vector<PictureRecord>& pictures, int threads) {
  nlohmann::json embedding_list = nlohmann::json::array();
  for (const EmbeddingRecord& embedding : embeddings) {
    embedding_list.push_back({{"token", embedding.token},
                              {"class_word", embedding.class_word},
                              {"path", embedding.path},
                              {"sha256", embedding.sha256}});
  }
  nlohmann::json picture_list = nlohmann::json::array();
  for (const PictureRecord& picture : pictures) {
    const PictureRequest& request = picture.request;
    nlohmann::json entry = ManifestEntry(request, FinalSize(model, request));
    if (picture.comparison) entry["comparison"] = true;
    if (picture.checked) {
      entry["safety"] = {{"blocked", picture.safety.Blocked()},
                         {"concepts", picture.safety.concepts},
                         {"special_care", picture.safety.special_care}};
    }
    if (!picture.file.empty()) {
      entry["file"] = picture.file;
      entry["sha256"] = picture.sha256;
    }
    picture_list.push_back(entry);
  }
  nlohmann::json manifest = {{"imprint", IMPRINT_VERSION},
                             {"base_model",
                              {{"path", model.folder},
                               {"fingerprint", model.fingerprint},
                               {"prediction", model.prediction}}},
                             {"device", Name(model.compute.device)},
                             {"precision", Name(model.compute.precision)},
                             {"compute_threads", threads},
                             {"embeddings", embedding_list},
                             {"pictures", picture_list}};
  if (source) manifest["source"] = {{"path", source->path}, {"sha256", source->sha256}};
  return manifest;
}

absl::StatusOr<ScoredPictures> ReadManifest(const std::filesystem::path& manifest) {
  ASSIGN_OR_RETURN(const JsonObject json, JsonObject::Load(manifest, 256 << 20));
  ScoredPictures result;
  for (const char* key : {"pictures", "embeddings"}) {
    if (!json.json().contains(key) || !json.json()[key].is_array()) {
      return absl::InvalidArgumentError(absl::StrCat(json.origin(), ": ", key, " is missing"));
    }
  }
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

}  // namespace imprint::cli
