#include "orders/wire/training_wire.h"

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "orders/wire/field_wire.h"

namespace imprint {

absl::StatusOr<TrainingRecipe> ParseRecipe(const v1::TrainingRecipe& proto,
                                           absl::string_view context) {
  TrainingRecipe recipe;
  RETURN_IF_ERROR(ReadWire(proto, kRecipeFields, recipe, context));
  const absl::Status checked = CheckRecipe(recipe);
  if (checked.ok()) return recipe;
  return absl::Status(checked.code(), absl::StrCat(context, checked.message()));
}

v1::TrainingRecipe ToProto(const TrainingRecipe& recipe) {
  v1::TrainingRecipe proto;
  WriteWire(kRecipeFields, recipe, proto);
  return proto;
}

absl::StatusOr<TrainingSettings> ParseSettings(const v1::TrainingSpec& spec,
                                               absl::string_view context) {
  TrainingSettings settings;
  RETURN_IF_ERROR(ReadWire(spec, kTrainingFields, settings, context));
  settings.templates.assign(spec.templates().begin(), spec.templates().end());
  RETURN_IF_ERROR(CheckSettings(settings, context));
  ASSIGN_OR_RETURN(settings.recipe, ParseRecipe(spec.recipe(), absl::StrCat(context, "recipe.")));
  FillTemplates(settings);
  return settings;
}

void FillSettings(const TrainingSettings& settings,
                  const std::function<bool(absl::string_view row)>& given, v1::TrainingSpec& spec) {
  const auto wanted = [&](const auto& row) { return !given || given(row.name); };
  WriteWire<TrainingSettings>(kTrainingFields, settings, spec, wanted);
  WriteWire<TrainingRecipe>(kRecipeFields, settings.recipe, *spec.mutable_recipe(), wanted);
  spec.mutable_templates()->Assign(settings.templates.begin(), settings.templates.end());
}

v1::SquareFit ToProto(SquareFit fit) {
  return fit == SquareFit::kSquash ? v1::SQUARE_FIT_SQUASH : v1::SQUARE_FIT_CROP;
}

SquareFit FromProto(v1::SquareFit fit) {
  return fit == v1::SQUARE_FIT_SQUASH ? SquareFit::kSquash : SquareFit::kCrop;
}

}  // namespace imprint
