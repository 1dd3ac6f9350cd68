// manifest.json of a folder of drawn pictures: everything that is needed to draw them again. Both
// command lines write and read it here, so that either can go on with the other's folder.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <nlohmann/json.hpp>

#include "base/json_object.h"
#include "base/picture_size.h"
#include "orders/picture_request.h"

namespace imprint {

inline constexpr const char* kManifestName = "manifest.json";

// An embedding that the prompts use.
struct ManifestEmbedding {
  std::string token;
  // Empty if its file does not say.
  std::string class_word;
  // Its file's path, or its name in the registry that has it; the other is empty.
  std::string path;
  std::string name;
  std::string sha256;  // of the file
};

struct ManifestPicture {
  PictureRequest request;
  // Its size after a second pass, if there was one.
  PictureSize finished;
  // Drawn with the class word, for comparison.
  bool comparison = false;
  // Empty if the picture was blocked, and nothing was written.
  std::string file;
  std::string sha256;
  // What else is known of it: `safety`, what the checker saw ("blocked", and its scores: "concepts"
  // and "special_care", or "scores" from a registry); `item`, `precision` and `computation` from a
  // registry, and of a plan `key`, `alt_text` and `blocked_tries`.
  nlohmann::json more = nlohmann::json::object();
};

struct PictureManifest {
  nlohmann::json base_model;
  std::vector<ManifestEmbedding> embeddings;
  std::vector<ManifestPicture> pictures;
  // What else is known of the drawing: `imprint`, the version that wrote it; `device`,
  // `device_model`, `precision`, `compute_threads`, `batch_places` (if its batches had a fixed
  // size, else `batch`, the most pictures in one) and `source` where it was drawn here;
  // `image_sets` where a registry has it.
  nlohmann::json more = nlohmann::json::object();
};

nlohmann::json ToJson(const ManifestPicture& picture);

// Writes the manifest of that folder, in place of the one that is there. Text that is not UTF-8 is
// replaced.
absl::Status WriteManifest(const std::filesystem::path& folder, const PictureManifest& manifest);

// Loads a manifest that has those lists. INVALID_ARGUMENT naming the file and the list.
absl::StatusOr<JsonObject> LoadManifest(const std::filesystem::path& manifest,
                                        std::initializer_list<const char*> lists);

// The part of a manifest that scoring needs.
struct ScoredPictures {
  struct Picture {
    std::filesystem::path path;
    std::string prompt;
    PromptStyle prompt_style;
    bool comparison;
  };
  // The pictures that were written.
  std::vector<Picture> pictures;
  // The class word of each token.
  std::map<std::string, std::string> class_words;
};

// Reads that part of a manifest. INVALID_ARGUMENT naming the file and the field.
absl::StatusOr<ScoredPictures> ReadScoredPictures(const std::filesystem::path& manifest);

// Returns the pictures' files that a manifest names, all of them in its own folder, whatever it
// says; entries that name none are passed over. INVALID_ARGUMENT naming the file if it has no list
// of pictures: it is then somebody else's.
absl::StatusOr<std::vector<std::filesystem::path>> FilesInManifest(
    const std::filesystem::path& manifest);

}  // namespace imprint
