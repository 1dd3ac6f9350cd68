#include "cli/imprint_engine/training_record.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/check_number.h"
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
                         {"layout", Name(order.layout)},
                         {"ranks", order.ranks}};
  json.update(ToJson(order.settings));
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
  ASSIGN_OR_RETURN(order.settings, SettingsFromJson(json));
  // Records of earlier versions have none.
  ASSIGN_OR_RETURN(const std::string layout,
                   json.GetOr<std::string>("layout", std::string(Name(order.layout))));
  ASSIGN_OR_RETURN(order.layout,
                   ParseEmbeddingLayout(absl::StrCat(json.origin(), ": layout"), layout));
  ASSIGN_OR_RETURN(order.compute, ReadCompute(json));
  // Records of earlier versions have none.
  ASSIGN_OR_RETURN(const int64_t ranks, json.GetOr<int64_t>("ranks", 1));
  RETURN_IF_ERROR(CheckRange(absl::StrCat(json.origin(), ": ranks"), ranks, 0, 1'000'000));
  order.ranks = static_cast<int>(ranks);
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
  const auto name = EmbeddingFileName(order.layout, order.settings.token);
  return folder / (name.ok() ? *name : std::string(kLearnedEmbeddingFileName));
}

std::filesystem::path EmbeddingIn(const std::filesystem::path& folder) {
  const auto record = ReadTrainingRecord(folder / kTrainingRecordName);
  return EmbeddingIn(folder, record.ok() ? record->order : TeachOrder());
}

std::filesystem::path EmbeddingFile(const std::filesystem::path& given) {
  std::error_code ignored;
  return std::filesystem::is_directory(given, ignored) ? EmbeddingIn(given) : given;
}

absl::StatusOr<TrainingRecord> ReadTrainingRecord(const std::filesystem::path& training_json) {
  ASSIGN_OR_RETURN(const JsonObject record, JsonObject::Load(training_json, 64 << 20));
  ASSIGN_OR_RETURN(const TrainingState state, ReadState(record));
  ASSIGN_OR_RETURN(const JsonObject json, record.Object("order"));
  ASSIGN_OR_RETURN(TeachOrder order, ReadOrder(json));
  return TrainingRecord{.state = state, .order = std::move(order)};
}

}  // namespace imprint::cli
