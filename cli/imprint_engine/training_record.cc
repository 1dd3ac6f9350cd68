#include "cli/imprint_engine/training_record.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/json_object.h"
#include "base/status_macros.h"
#include "formats/learned_embedding.h"

namespace imprint::cli {

nlohmann::json ToJson(const TeachOrder& order) {
  nlohmann::json pictures = nlohmann::json::array();
  for (size_t i = 0; i < order.pictures.size(); ++i) {
    pictures.push_back({{"path", order.pictures[i].string()}, {"sha256", order.picture_sha256[i]}});
  }
  nlohmann::json json = {{"model", order.model.string()},
                         {"pictures", pictures},
                         {"token", order.token},
                         {"class_word", order.class_word},
                         {"kind", Name(order.kind)},
                         {"templates", order.templates},
                         {"size", order.size},
                         {"fit", Name(order.fit)},
                         {"layout", Name(order.layout)},
                         {"recipe", ToJson(order.recipe)},
                         {"ranks", order.ranks},
                         {"checkpoint_every", order.checkpoint_every}};
  json.update(ToJson(order.compute));
  return json;
}

namespace {

absl::StatusOr<TrainingState> ReadState(const JsonObject& record) {
  ASSIGN_OR_RETURN(const std::string name, record.Get<std::string>("state"));
  for (const TrainingState state :
       {TrainingState::kRunning, TrainingState::kInterrupted, TrainingState::kFinished}) {
    if (name == Name(state)) return state;
  }
  return FieldError(absl::StrCat(record.origin(), ": state"), Quoted(name),
                    "running, interrupted or finished");
}

// Records of earlier versions have the threads alone: those trainings ran on the processor, in
// fp32.
absl::StatusOr<ComputeOptions> ReadCompute(const JsonObject& json) {
  RETURN_IF_ERROR(json.Get<int64_t>("threads").status());
  ASSIGN_OR_RETURN(ComputeOptions compute, ComputeOptionsFromJson(json));
  const ComputeChoice choice = compute.choice();
  compute.device = choice.device;
  compute.precision = choice.precision;
  return compute;
}

absl::StatusOr<TeachOrder> ReadOrder(const JsonObject& json) {
  TeachOrder order;
  ASSIGN_OR_RETURN(order.model, json.Get<std::string>("model"));
  ASSIGN_OR_RETURN(order.token, json.Get<std::string>("token"));
  ASSIGN_OR_RETURN(order.class_word, json.Get<std::string>("class_word"));
  ASSIGN_OR_RETURN(const std::string kind, json.Get<std::string>("kind"));
  ASSIGN_OR_RETURN(order.kind, ParseConceptKind(kind));
  ASSIGN_OR_RETURN(order.templates, json.Get<std::vector<std::string>>("templates"));
  ASSIGN_OR_RETURN(const std::string fit, json.Get<std::string>("fit"));
  ASSIGN_OR_RETURN(order.fit, ParseSquareFit(fit));
  // Records of earlier versions have none.
  ASSIGN_OR_RETURN(const std::string layout,
                   json.GetOr<std::string>("layout", std::string(Name(order.layout))));
  ASSIGN_OR_RETURN(order.layout,
                   ParseEmbeddingLayout(absl::StrCat(json.origin(), ": layout"), layout));
  ASSIGN_OR_RETURN(const JsonObject recipe, json.Object("recipe"));
  ASSIGN_OR_RETURN(order.recipe, RecipeFromJson(recipe));
  ASSIGN_OR_RETURN(order.compute, ReadCompute(json));
  const auto number = [&](const char* key, int& field) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t value, json.Get<int64_t>(key));
    if (value < 0 || value > 1'000'000) {
      return FieldError(absl::StrCat(json.origin(), ": ", key), absl::StrCat(value),
                        "0 to 1000000");
    }
    field = static_cast<int>(value);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(number("size", order.size));
  // Records of earlier versions have none.
  if (json.Has("ranks")) RETURN_IF_ERROR(number("ranks", order.ranks));
  RETURN_IF_ERROR(number("checkpoint_every", order.checkpoint_every));
  if (!json.json().contains("pictures") || !json.json()["pictures"].is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(json.origin(), ": pictures is missing"));
  }
  for (const nlohmann::json& entry : json.json()["pictures"]) {
    ASSIGN_OR_RETURN(const JsonObject picture,
                     JsonObject::Parse(entry.dump(), absl::StrCat(json.origin(), ": pictures")));
    ASSIGN_OR_RETURN(order.pictures.emplace_back(), picture.Get<std::string>("path"));
    ASSIGN_OR_RETURN(order.picture_sha256.emplace_back(), picture.Get<std::string>("sha256"));
  }
  return order;
}

}  // namespace

absl::string_view Name(TrainingState state) {
  switch (state) {
    case TrainingState::kRunning:
      return "running";
    case TrainingState::kInterrupted:
      return "interrupted";
    case TrainingState::kFinished:
      return "finished";
  }
  return "";
}

std::filesystem::path EmbeddingIn(const std::filesystem::path& folder, const TeachOrder& order) {
  const auto name = EmbeddingFileName(order.layout, order.token);
  return folder / (name.ok() ? *name : std::string(kLearnedEmbeddingFileName));
}

std::filesystem::path EmbeddingIn(const std::filesystem::path& folder) {
  const auto record = ReadTrainingRecord(folder / kTrainingRecordName);
  return EmbeddingIn(folder, record.ok() ? record->order : TeachOrder());
}

absl::StatusOr<TrainingRecord> ReadTrainingRecord(const std::filesystem::path& training_json) {
  ASSIGN_OR_RETURN(const JsonObject record, JsonObject::Load(training_json, 64 << 20));
  ASSIGN_OR_RETURN(const TrainingState state, ReadState(record));
  ASSIGN_OR_RETURN(const JsonObject json, record.Object("order"));
  ASSIGN_OR_RETURN(TeachOrder order, ReadOrder(json));
  return TrainingRecord{.state = state, .order = std::move(order)};
}

}  // namespace imprint::cli
