// The flags that say what is taught, and how: the same for both programs.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <CLI/CLI.hpp>

#include "orders/flags/field_flags.h"
#include "orders/training_settings.h"

namespace imprint::cli {

// Must live until the command line is parsed; not thread-safe.
class TeachingFlags {
 public:
  // The heading under which help shows what is taught.
  static constexpr const char* kWhat = "What is taught";

  // Adds a flag for each of the rows and of the recipe's rows, and --templates. Help shows how a
  // concept is taught under the heading `how`.
  TeachingFlags(CLI::App& teach, FieldTable<TrainingSettings> rows, const std::string& how,
                ShowDefaults defaults);

  // To be called once the line is parsed. Returns what it gives, checked, and the defaults for the
  // rest; a token that is not given is made of the folder's name, templates that are not given are
  // none. INVALID_ARGUMENT naming the flag or the field.
  absl::StatusOr<TrainingSettings> Take(const std::filesystem::path& folder);

  // Returns whether the line gives the flag of the row with that name, of either table.
  bool Given(absl::string_view row) const { return flags_.Given(row) || recipe_flags_.Given(row); }

 private:
  TrainingSettings settings_;
  std::string templates_;
  FieldFlags<TrainingSettings> flags_;
  FieldFlags<TrainingRecipe> recipe_flags_;
};

}  // namespace imprint::cli
