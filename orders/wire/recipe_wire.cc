#include "orders/wire/recipe_wire.h"

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "orders/wire/field_wire.h"

namespace imprint {
namespace {}  // namespace

absl::StatusOr<TrainingRecipe> ParseRecipe(const v1::TrainingRecipe& proto,
                                           absl::string_view context) {
  TrainingRecipe recipe;
  RETURN_IF_ERROR(ReadWire(proto, kRecipeFields, recipe, context));
  const absl::Status checked = CheckRecipe(recipe);
  if (checked.ok()) return recipe;
  return absl::Status(checked.code(), absl::StrCat(context, checked.message()));
}

v1::TrainingRecipe ToProto(const TrainingRecipe& recipe) { return ToProto(recipe, nullptr); }

v1::TrainingRecipe ToProto(const TrainingRecipe& recipe,
                           const std::function<bool(const Field<TrainingRecipe>&)>& given) {
  v1::TrainingRecipe proto;
  WriteWire(kRecipeFields, recipe, proto, given);
  return proto;
}

}  // namespace imprint
