#include "orders/training_settings.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_field.h"
#include "text/concept_vocabulary.h"

namespace imprint {
namespace {

constexpr size_t kMaxClassWordBytes = 200;
constexpr size_t kMaxTemplateBytes = 1000;

// Names the row, and says what is expected of it, where a word is missing.
absl::Status CheckWord(absl::string_view name, const std::string& word, size_t most_bytes,
                       absl::string_view context) {
  const std::string field = absl::StrCat(context, name);
  if (word.empty()) {
    return FieldError(field, "none", Expected(*FindRow(kTrainingFields, name)));
  }
  return CheckText(field, word, most_bytes);
}

absl::Status CheckToken(const std::string& token, absl::string_view context) {
  RETURN_IF_ERROR(CheckWord("token", token, kMaxTokenBytes, context));
  if (token.find_first_of(" \t\r\n") == std::string::npos) return absl::OkStatus();
  return FieldError(absl::StrCat(context, "token"), Quoted(token),
                    Expected(*FindRow(kTrainingFields, "token")));
}

absl::Status CheckTemplates(const std::vector<std::string>& templates, absl::string_view context) {
  RETURN_IF_ERROR(CheckRange(absl::StrCat(context, "templates"),
                             static_cast<int64_t>(templates.size()), 0, kMaxTemplates));
  for (size_t i = 0; i < templates.size(); ++i) {
    const std::string field = absl::StrCat(context, "templates[", i, "]");
    RETURN_IF_ERROR(CheckText(field, templates[i], kMaxTemplateBytes));
    if (!HoldsThePlaceOnce(templates[i]) ||
        templates[i].find_first_of("\r\n") != std::string::npos) {
      return FieldError(field, Quoted(templates[i]), "a caption of one line with {} once");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSettings(const TrainingSettings& settings, absl::string_view context) {
  RETURN_IF_ERROR(CheckToken(settings.token, context));
  RETURN_IF_ERROR(CheckWord("class_word", settings.class_word, kMaxClassWordBytes, context));
  RETURN_IF_ERROR(CheckTemplates(settings.templates, context));
  return CheckFields(kTrainingFields, settings, context);
}

absl::StatusOr<int> TrainingSize(int size, int own, int multiple, absl::string_view context) {
  const int side = size == 0 ? own : size;
  if (side > 0 && side <= kMaxTrainingSide && side % multiple == 0) return side;
  return FieldError(absl::StrCat(context, "size"),
                    size == 0 ? absl::StrCat("0, the model's own ", own) : absl::StrCat(size),
                    absl::StrCat("a multiple of ", multiple, " up to ", kMaxTrainingSide));
}

void FillTemplates(TrainingSettings& settings) {
  if (settings.templates.empty()) settings.templates = DefaultTemplates(settings.kind);
}

nlohmann::json ToJson(const TrainingSettings& settings) {
  nlohmann::json json = ToJson(kTrainingFields, settings);
  json["templates"] = settings.templates;
  json["recipe"] = ToJson(settings.recipe);
  return json;
}

absl::StatusOr<TrainingSettings> SettingsFromJson(const JsonObject& json) {
  ASSIGN_OR_RETURN(TrainingSettings settings, FromJson(kTrainingFields, json));
  ASSIGN_OR_RETURN(settings.templates, json.Get<std::vector<std::string>>("templates"));
  ASSIGN_OR_RETURN(const JsonObject recipe, json.Object("recipe"));
  ASSIGN_OR_RETURN(settings.recipe, RecipeFromJson(recipe));
  return settings;
}

}  // namespace imprint
