#include "engine/training/memory_trial.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status_macros.h"
#include "engine/model/model_parts.h"
#include "engine/torch/memory_budget.h"
#include "engine/torch/torch_errors.h"
#include "engine/training/batch_gradients.h"
#include "engine/training/initial_rows.h"
#include "engine/training/input_check.h"
#include "engine/training/memory_advice.h"
#include "engine/training/objective.h"

namespace imprint::engine {
namespace {

// Computes a gradient of that shape, of empty pictures, as one of so many ranks would.
absl::Status Try(const BaseModel& model, const TrainingInput& input, const RecordGraph& record,
                 const StepShape& shape, int ranks) {
  return CatchTorchErrors([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const auto captions, TokenizeCaptions(model, input));
    ASSIGN_OR_RETURN(const at::Tensor rows,
                     InitialRows(model, input.class_word, input.recipe.vectors));
    const ModelParts& parts = model.parts();
    const int64_t samples = static_cast<int64_t>(shape.batch) * shape.accumulation;
    const int64_t batch = std::min<int64_t>(shape.batch, (samples + ranks - 1) / ranks);
    const RgbImage& picture = input.pictures[0];
    const int64_t multiple = model.info().size_multiple;
    const int64_t width = shape.side / multiple;
    const int64_t height = std::max<int64_t>(width * picture.height / picture.width, 1);
    const at::Tensor latents = at::zeros({batch, 4, height, width}, rows.options());
    const std::vector<TokenizedPrompt> same(static_cast<size_t>(batch), captions[0]);
    const TrainingBatch empty = {latents, latents,
                                 at::zeros({batch}, rows.options().dtype(at::kLong)),
                                 TensorsOf(same).To(parts.device)};
    const Keeping keeping = KeepingWith(shape.gradient_checkpointing);
    BatchGradients(parts, keeping, record).Compute({empty, rows, samples}).loss.item();
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status WithWhatFits(const absl::Status& status, const BaseModel& model,
                          const TrainingInput& input, const TrainingHooks& hooks,
                          const TrainingContext& context, int ranks) {
  if (!IsOutOfMemory(status)) return status;
  const MemoryBudget budget(MemoryBudget::OfTrial());
  const StepShape given = {.batch = input.recipe.batch,
                           .accumulation = input.recipe.accumulation,
                           .side = input.pictures[0].width,
                           .gradient_checkpointing = context.compute.gradient_checkpointing};
  const absl::Status advised =
      WithMemoryAdvice(status, given, model.info().size_multiple, model.info().compute.precision,
                       [&](const StepShape& shape) {
                         if (hooks.stop.stop_requested()) return false;
                         const bool fits = Try(model, input, context.record, shape, ranks).ok();
                         if (hooks.on_work) hooks.on_work();
                         return fits;
                       });
  return hooks.stop.stop_requested() ? status : advised;
}

}  // namespace imprint::engine
