#include "cli/pictures/teaching_flags.h"

#include "cli/pictures/teaching_options.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "text/unicode_text.h"

namespace imprint::cli {

TeachingFlags::TeachingFlags(CLI::App& teach, FieldTable<TrainingSettings> rows,
                             const std::string& how, ShowDefaults defaults)
    : flags_(teach, rows, settings_, kWhat, defaults),
      recipe_flags_(teach, kRecipeFields, settings_.recipe, how, defaults) {
  flags_.option("token").type_name("<WORD>");
  flags_.option("class_word").type_name("WORD");
  flags_.option("checkpoint_every").group(how);
  teach
      .add_option(
          "--templates", templates_,
          "File of captions, one a line, with {} for the token; default: a set for the kind")
      ->type_name("FILE")
      ->group(kWhat);
}

absl::StatusOr<TrainingSettings> TeachingFlags::Take(const std::filesystem::path& folder) {
  RETURN_IF_ERROR(flags_.TakeNames());
  RETURN_IF_ERROR(recipe_flags_.TakeNames());
  TrainingSettings settings = settings_;
  if (settings.class_word.empty()) {
    return FieldError("class", "none", "a word for what kind of thing it is: --class dog");
  }
  settings.token = flags_.Given("token") ? Composed(settings.token) : TokenFromFolder(folder);
  if (!templates_.empty()) {
    ASSIGN_OR_RETURN(settings.templates, ReadTemplates(templates_));
  }
  RETURN_IF_ERROR(CheckSettings(settings));
  RETURN_IF_ERROR(CheckRecipe(settings.recipe));
  return settings;
}

}  // namespace imprint::cli
