// manifest.json of a folder of drawn pictures: everything that is needed to draw them again.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <nlohmann/json.hpp>

#include "engine/model/base_model.h"
#include "engine/model/safety_scores.h"
#include "engine/sampling/picture_request.h"

namespace imprint::cli {

struct EmbeddingRecord {
  std::string token;
  std::string class_word;  // empty if its file does not say
  std::string path;
  std::string sha256;  // of the file
};

struct PictureRecord {
  PictureRequest request;
  // Drawn with the class word, for comparison.
  bool comparison = false;
  // Empty if the picture was blocked, and nothing was written.
  std::string file;
  std::string sha256;
  bool checked = false;
  SafetyScores safety;
};

// The picture that all pictures of a drawing began from.
struct SourceRecord {
  std::string path;
  std::string sha256;  // of the file
};

// Returns the manifest's content. `embeddings` are those that the prompts use.
nlohmann::json ManifestJson(const BaseModelInfo& model,
                            const std::vector<EmbeddingRecord>& embeddings,
                            const std::optional<SourceRecord>& source,
                            const std::vector<PictureRecord>& pictures, int threads);

// The part of a manifest that scoring needs: the written pictures' files with their prompts, and
// the class word of each token.
struct ScoredPictures {
  struct Picture {
    std::filesystem::path path;
    std::string prompt;
    PromptStyle prompt_style;
    bool comparison;
  };
  std::vector<Picture> pictures;
  std::map<std::string, std::string> class_words;
};

// Reads a manifest. Errors name file and field.
absl::StatusOr<ScoredPictures> ReadManifest(const std::filesystem::path& manifest);

}  // namespace imprint::cli
