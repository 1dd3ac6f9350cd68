#include "engine/identity/known_identity.h"

#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/atomic_file.h"
#include "base/json_object.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace imprint::engine {
namespace {

namespace fs = std::filesystem;

// What tells these weights from any others that lay or will lie there; nothing if a file is gone.
std::optional<std::string> KeyOf(const ModelFiles& files) {
  // Of this file's layout and of how a fingerprint is made. Fingerprints of layout 1 depended on
  // the type that weights are stored in; layout 2 said nothing of a damaged safety checker.
  std::string text = "3\n";
  std::vector<const char*> components(std::begin(kFingerprintedComponents),
                                      std::end(kFingerprintedComponents));
  if (files.Has(kSafetyChecker) && files.WeightsPaths(kSafetyChecker).ok()) {
    components.push_back(kSafetyChecker);
  }
  for (const char* component : components) {
    const auto paths = files.WeightsPaths(component);
    if (!paths.ok()) return std::nullopt;
    for (const fs::path& path : *paths) {
      struct stat info = {};
      std::error_code error;
      const fs::path canonical = fs::canonical(path, error);
      if (error || stat(canonical.c_str(), &info) != 0) return std::nullopt;
      absl::StrAppend(&text, component, " ", canonical.string(), " ", info.st_size, " ",
                      info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec, " ", info.st_dev, ":",
                      info.st_ino, "\n");
    }
  }
  return Sha256Hex(text);
}

absl::StatusOr<WeightsIdentity> Read(const fs::path& entry) {
  ASSIGN_OR_RETURN(const JsonObject json, JsonObject::Load(entry));
  WeightsIdentity weights;
  ASSIGN_OR_RETURN(weights.fingerprint, json.Get<std::string>("fingerprint"));
  ASSIGN_OR_RETURN(weights.text_encoder_identity, json.Get<std::string>("text_encoder"));
  ASSIGN_OR_RETURN(const int64_t width, json.Get<int64_t>("embedding_width"));
  weights.embedding_width = static_cast<int>(width);
  ASSIGN_OR_RETURN(weights.damage, json.GetOr<std::string>("damage", ""));
  return weights;
}

void Write(const fs::path& entry, const WeightsIdentity& weights) {
  const nlohmann::json json = {{"fingerprint", weights.fingerprint},
                               {"text_encoder", weights.text_encoder_identity},
                               {"embedding_width", weights.embedding_width},
                               {"damage", weights.damage}};
  std::error_code ignored;
  fs::create_directories(entry.parent_path(), ignored);
  WriteFileAtomically(entry, json.dump()).IgnoreError();
}

}  // namespace

absl::StatusOr<ModelIdentity> KnownIdentity(const ModelFiles& files, const fs::path& cache) {
  const std::optional<std::string> key = cache.empty() ? std::nullopt : KeyOf(files);
  const fs::path entry = key ? cache / absl::StrCat(*key, ".json") : fs::path();
  if (key) {
    if (const auto known = Read(entry); known.ok()) return CompleteIdentity(files, *known);
  }
  ASSIGN_OR_RETURN(const WeightsIdentity weights, IdentifyWeights(files));
  if (key) Write(entry, weights);
  return CompleteIdentity(files, weights);
}

fs::path IdentityCache() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && fs::path(cache).is_absolute()) {
    return fs::path(cache) / "imprint" / "identities";
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || !fs::path(home).is_absolute()) return {};
  return fs::path(home) / ".cache" / "imprint" / "identities";
}

}  // namespace imprint::engine
