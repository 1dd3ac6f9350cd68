#include "engine/training/training_run.h"

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/company/company_watch.h"
#include "engine/model/model_parts.h"
#include "engine/torch/memory_budget.h"
#include "engine/torch/torch_errors.h"
#include "engine/training/batch_gradients.h"
#include "engine/training/initial_rows.h"
#include "engine/training/input_check.h"
#include "engine/training/training_session.h"

namespace imprint::engine {

absl::Status CheckRanks(const TrainingRecipe& recipe, int ranks) {
  const int samples = recipe.batch * recipe.accumulation;
  if (ranks >= 1 && ranks <= samples) return absl::OkStatus();
  return FieldError("ranks", absl::StrCat(ranks),
                    absl::StrCat("1 to ", samples, ", the samples of a step"));
}

absl::Status CheckTraining(const BaseModel& model, const TrainingInput& input) {
  RETURN_IF_ERROR(CheckInput(model, input));
  RETURN_IF_ERROR(TokenizeCaptions(model, input).status());
  return CatchTorchErrors(
      [&] { return InitialRows(model, input.class_word, input.recipe.vectors).status(); });
}

absl::StatusOr<TrainingOutcome> Train(const BaseModel& model, const TrainingInput& input,
                                      const std::optional<TrainingCheckpoint>& from,
                                      const TrainingHooks& hooks, TrainingContext context) {
  const CompanyWatch company(model.parts().device);
  const MemoryBudget budget(MemoryBudget::OfTraining());
  return CatchTorchErrors([&]() -> absl::StatusOr<TrainingOutcome> {
    ASSIGN_OR_RETURN(const auto session,
                     TrainingSession::Begin(model, input, from, hooks, context));
    BatchGradients gradients(model.parts(), KeepingWith(context.compute.gradient_checkpointing),
                             context.record);
    while (true) {
      ASSIGN_OR_RETURN(const auto request, session->Next());
      if (!request) break;
      RETURN_IF_ERROR(session->Take(gradients.Compute(*request)));
    }
    TrainingOutcome outcome = session->Outcome();
    outcome.graphs = gradients.recorded();
    outcome.graph_failure = gradients.failure();
    return outcome;
  });
}

}  // namespace imprint::engine
