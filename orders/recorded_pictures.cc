#include "orders/recorded_pictures.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/json_object.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

constexpr int kMostThreads = 1024;
constexpr int kMostPlaces = 256;

// A number that may be missing: then 0.
absl::StatusOr<int> Count(const JsonObject& json, absl::string_view key, int most) {
  ASSIGN_OR_RETURN(const int64_t value, json.GetOr<int64_t>(key, 0));
  RETURN_IF_ERROR(CheckRange(absl::StrCat(json.origin(), ": ", key), value, 0, most));
  return static_cast<int>(value);
}

// A text that may be missing: then empty.
absl::StatusOr<std::string> Text(const JsonObject& json, absl::string_view key) {
  return json.GetOr<std::string>(key, "");
}

// The table has a second pass's numbers as rows, the manifest as an object.
absl::StatusOr<JsonObject> WithFlatUpscale(JsonObject json) {
  if (!json.Has("upscale")) return json;
  ASSIGN_OR_RETURN(const JsonObject upscale, json.Object("upscale"));
  ASSIGN_OR_RETURN(const double factor, upscale.Get<double>("factor"));
  ASSIGN_OR_RETURN(const double strength, upscale.Get<double>("strength"));
  return json.With("upscale", factor).With("upscale_strength", strength);
}

absl::StatusOr<PictureRequest> ReadRequest(const JsonObject& json) {
  ASSIGN_OR_RETURN(const JsonObject flat, WithFlatUpscale(json));
  ASSIGN_OR_RETURN(PictureRequest request,
                   FromJson(kPictureFields, flat, MissingFields::kAreDefault));
  ASSIGN_OR_RETURN(request.prompt, json.Get<std::string>("prompt"));
  ASSIGN_OR_RETURN(request.seed, json.Get<uint64_t>("seed"));
  ASSIGN_OR_RETURN(request.strength, json.GetOr<double>("strength", request.strength));
  return request;
}

// "imageSets/{set}/items/{index}"; a manifest without names has its pictures in their order.
absl::StatusOr<int64_t> PositionOf(const JsonObject& json, int64_t number) {
  if (!json.Has("item")) return number;
  ASSIGN_OR_RETURN(const std::string item, json.Get<std::string>("item"));
  int64_t index = 0;
  if (absl::SimpleAtoi(item.substr(item.rfind('/') + 1), &index) && index >= 0) return index;
  return FieldError(absl::StrCat(json.origin(), ": item"), Quoted(item),
                    "imageSets/{set}/items/{index}");
}

// Adds what the picture was computed with. A drawing on this machine says it once, for all.
absl::Status ReadComputation(const JsonObject& manifest, const JsonObject& json,
                             RecordedPicture& picture) {
  const bool own = json.Has("computation");
  ASSIGN_OR_RETURN(const JsonObject computation,
                   own ? json.Object("computation") : absl::StatusOr<JsonObject>(manifest));
  ASSIGN_OR_RETURN(picture.version, Text(computation, own ? "version" : "imprint"));
  ASSIGN_OR_RETURN(picture.device_model, Text(computation, "device_model"));
  ASSIGN_OR_RETURN(picture.threads,
                   Count(computation, own ? "threads" : "compute_threads", kMostThreads));
  ASSIGN_OR_RETURN(picture.batch_places, Count(computation, "batch_places", kMostPlaces));
  if (computation.Has("device")) {
    ASSIGN_OR_RETURN(const std::string name, Text(computation, "device"));
    ASSIGN_OR_RETURN(const auto device,
                     ParseDevice(absl::StrCat(computation.origin(), ": device"), name));
    if (device) picture.device = device->kind;
  }
  const JsonObject& says = json.Has("precision") ? json : manifest;
  if (says.Has("precision")) {
    ASSIGN_OR_RETURN(const std::string name, Text(says, "precision"));
    ASSIGN_OR_RETURN(const auto precision,
                     ParsePrecision(absl::StrCat(says.origin(), ": precision"), name));
    picture.precision = precision.value_or(Precision::kFp32);
  }
  return absl::OkStatus();
}

absl::StatusOr<ManifestEmbedding> ReadEmbedding(const JsonObject& json) {
  ManifestEmbedding embedding;
  ASSIGN_OR_RETURN(embedding.token, json.Get<std::string>("token"));
  ASSIGN_OR_RETURN(embedding.class_word, json.GetOr<std::string>("class_word", ""));
  ASSIGN_OR_RETURN(embedding.path, json.GetOr<std::string>("path", ""));
  ASSIGN_OR_RETURN(embedding.name, json.GetOr<std::string>("name", ""));
  ASSIGN_OR_RETURN(embedding.sha256, json.Get<std::string>("sha256"));
  return embedding;
}

}  // namespace

absl::StatusOr<RecordedPictures> ReadRecordedPictures(const std::filesystem::path& manifest) {
  ASSIGN_OR_RETURN(const JsonObject json, LoadManifest(manifest, {"pictures", "embeddings"}));
  RecordedPictures result;
  const auto parse = [&](const nlohmann::json& entry, const char* list, size_t i) {
    return JsonObject::Parse(entry.dump(), absl::StrCat(json.origin(), ": ", list, "[", i, "]"));
  };
  const nlohmann::json& pictures = json.json()["pictures"];
  for (size_t i = 0; i < pictures.size(); ++i) {
    ASSIGN_OR_RETURN(const JsonObject entry, parse(pictures[i], "pictures", i));
    if (!entry.Has("file")) continue;  // blocked
    RecordedPicture& picture = result.pictures.emplace_back();
    ASSIGN_OR_RETURN(picture.request, ReadRequest(entry));
    ASSIGN_OR_RETURN(const std::string file, entry.Get<std::string>("file"));
    // In the manifest's own folder, whatever it says.
    picture.file = std::filesystem::path(file).filename().string();
    ASSIGN_OR_RETURN(picture.sha256, entry.Get<std::string>("sha256"));
    ASSIGN_OR_RETURN(picture.position, PositionOf(entry, static_cast<int64_t>(i)));
    RETURN_IF_ERROR(ReadComputation(json, entry, picture));
  }
  const nlohmann::json& embeddings = json.json()["embeddings"];
  for (size_t i = 0; i < embeddings.size(); ++i) {
    ASSIGN_OR_RETURN(const JsonObject entry, parse(embeddings[i], "embeddings", i));
    ASSIGN_OR_RETURN(result.embeddings.emplace_back(), ReadEmbedding(entry));
  }
  ASSIGN_OR_RETURN(const JsonObject model, json.Object("base_model"));
  ASSIGN_OR_RETURN(result.model_path, model.GetOr<std::string>("path", ""));
  ASSIGN_OR_RETURN(result.model_fingerprint, model.Get<std::string>("fingerprint"));
  ASSIGN_OR_RETURN(result.batch, Count(json, "batch", kMostPlaces));
  if (json.Has("source")) {
    ASSIGN_OR_RETURN(const JsonObject source, json.Object("source"));
    ASSIGN_OR_RETURN(result.source_path, source.Get<std::string>("path"));
    ASSIGN_OR_RETURN(result.source_sha256, source.Get<std::string>("sha256"));
  }
  return result;
}

}  // namespace imprint
