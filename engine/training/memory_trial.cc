#include "engine/training/memory_trial.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status_macros.h"
#include "engine/model/model_parts.h"
#include "engine/runtime/torch_errors.h"
#include "engine/training/initial_rows.h"
#include "engine/training/input_check.h"
#include "engine/training/objective.h"

namespace imprint {

StepShape ShapeOfStep(const TrainingInput& input, int ranks, bool gradient_checkpointing) {
  const TrainingRecipe& recipe = input.recipe;
  const int samples = recipe.batch * recipe.accumulation;
  const int most = std::min(recipe.batch, (samples + ranks - 1) / ranks);
  return {.batch = most,
          .accumulation = samples / most,
          .side = input.pictures[0].width,
          .gradient_checkpointing = gradient_checkpointing};
}

bool FitsHere(const BaseModel& model, const TrainingInput& input, const StepShape& shape) {
  const auto tried = CatchTorchErrors([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const auto captions, TokenizeCaptions(model, input));
    ASSIGN_OR_RETURN(const at::Tensor rows,
                     InitialRows(model, input.class_word, input.recipe.vectors));
    const ModelParts& parts = model.parts();
    const int64_t side = shape.side / model.info().size_multiple;
    const at::Tensor latents = at::zeros({shape.batch, 4, side, side}, rows.options());
    const std::vector<TokenizedPrompt> same(static_cast<size_t>(shape.batch), captions[0]);
    const TrainingBatch batch = {latents, latents,
                                 at::zeros({shape.batch}, rows.options().dtype(at::kLong)),
                                 TensorsOf(same).To(parts.device)};
    const Keeping keeping = shape.gradient_checkpointing ? Keeping::kLayerInputs : Keeping::kAll;
    ComputeGradient(parts, batch, rows, shape.batch, keeping).loss.item();
    return absl::OkStatus();
  });
  return tried.ok();
}

}  // namespace imprint
