#include "engine/training/memory_advice.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace imprint {

absl::Status WithMemoryAdvice(const absl::Status& status, const TrainingRecipe& recipe) {
  if (!absl::IsResourceExhausted(status) || !absl::StartsWith(status.message(), "out of ")) {
    return status;
  }
  if (recipe.batch == 1) {
    return absl::ResourceExhaustedError(
        absl::StrCat(status.message(), "; size: a smaller one, or precision bf16, needs less"));
  }
  const int parts = recipe.batch % 2 == 0 ? 2 : recipe.batch;
  return absl::ResourceExhaustedError(absl::StrCat(
      status.message(), "; batch: got ", recipe.batch, "; batch ", recipe.batch / parts,
      " with accumulation ", recipe.accumulation * parts, " is the same training in less memory"));
}

}  // namespace imprint
