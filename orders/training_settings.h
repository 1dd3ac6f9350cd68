// What is taught, and how: a training as it is asked for, apart from its pictures.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <nlohmann/json.hpp>

#include "base/json_object.h"
#include "base/square_fit.h"
#include "orders/field_table.h"
#include "orders/training_recipe.h"
#include "text/training_templates.h"

namespace imprint {

inline constexpr int kMaxTemplates = 1000;

// A plain value; CheckSettings says whether it makes sense. kTrainingFields describes each option;
// members without a row are described here.
struct TrainingSettings {
  std::string token;
  std::string class_word;
  ConceptKind kind = ConceptKind::kObject;
  // Captions with "{}" once each.
  std::vector<std::string> templates;
  int size = 0;
  SquareFit fit = SquareFit::kCrop;
  int checkpoint_every = 50;
  // It has a table of its own, kRecipeFields.
  TrainingRecipe recipe;
};

inline constexpr Field<TrainingSettings> kTrainingRows[] = {
    {.name = "token",
     .flag = "token",
     .member = &TrainingSettings::token,
     .expected = "one word without spaces, such as <rex>",
     .help = "The new word for it; default: the folder's name in <>"},
    {.name = "class_word",
     .flag = "class",
     .member = &TrainingSettings::class_word,
     .expected = "a word such as dog or mascot",
     .help = "Where teaching starts: a word for what kind of thing it is; needed"},
    {.name = "kind",
     .flag = "kind",
     .member = ChoiceOf<&TrainingSettings::kind>::Named(kConceptKinds),
     .help = "The kind of captions that it is taught with: object or style"},
    {.name = "size",
     .flag = "size",
     .member = &TrainingSettings::size,
     .range = {.least = 0, .most = kMaxTrainingSide},
     .help = "Pixels a side that it is taught at; 0 is the model's own"},
    {.name = "fit",
     .flag = "fit",
     .member = ChoiceOf<&TrainingSettings::fit>::Named(kSquareFits),
     .help = "Pictures that are not square: crop their middle, or squash them"},
    {.name = "checkpoint_every",
     .flag = "checkpoint-every",
     .member = &TrainingSettings::checkpoint_every,
     .range = {.least = 0, .most = 1'000'000},
     .help = "Steps between checkpoints; 0 writes one only when interrupted"},
};
inline constexpr FieldTable<TrainingSettings> kTrainingFields = kTrainingRows;

// Returns INVALID_ARGUMENT naming `context` and the first field that makes no sense, such as
// spec.kind, what it is and what it may be. The recipe is CheckRecipe's to judge, and whether the
// size suits a model TrainingSize's. No template at all is fine.
absl::Status CheckSettings(const TrainingSettings& settings, absl::string_view context = "");

// Gives settings without templates those of their kind.
void FillTemplates(TrainingSettings& settings);

// Returns the side of the pictures that a model is taught with, in pixels: `own`, the model's,
// where `size` is 0. INVALID_ARGUMENT naming `context` and the size if either is no multiple of
// `multiple`, or more than kMaxTrainingSide.
absl::StatusOr<int> TrainingSize(int size, int own, int multiple, absl::string_view context = "");

// Convert the settings to a JSON object, and back; every field must be there.
nlohmann::json ToJson(const TrainingSettings& settings);
absl::StatusOr<TrainingSettings> SettingsFromJson(const JsonObject& json);

}  // namespace imprint
