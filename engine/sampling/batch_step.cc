#include "engine/sampling/batch_step.h"

#include <cstddef>
#include <utility>

#include "engine/model/model_parts.h"

namespace imprint::engine {

const BatchPrompts& PromptJoin::Of(const std::vector<PictureSlot*>& rows) {
  std::vector<int64_t> pictures;
  for (const PictureSlot* slot : rows) pictures.push_back(slot->id());
  if (pictures == pictures_) return joined_;
  Clear();
  for (size_t layer = 0; layer < rows.front()->prompts().size(); ++layer) {
    std::vector<at::Tensor> parts;
    for (const PictureSlot* slot : rows) parts.push_back(slot->prompts()[layer]);
    joined_.keys.push_back(at::cat(parts));
  }
  ++joined_.version;
  pictures_ = std::move(pictures);
  return joined_;
}

void PromptJoin::Clear() {
  pictures_.clear();
  joined_.keys.clear();
}

void StepBatch(const std::shared_ptr<const BaseModel>& model, const BatchPlaces& places,
               PromptJoin& prompts, UnetEvaluations& evaluations) {
  const std::vector<PictureSlot*> rows = places.Rows();
  std::vector<at::Tensor> latents;
  std::vector<float> timesteps;
  std::vector<int64_t> prompt_counts;
  for (const PictureSlot* slot : rows) {
    const int64_t count = slot->prompt_count();
    latents.push_back(slot->input().unsqueeze(0).expand({count, -1, -1, -1}));
    timesteps.insert(timesteps.end(), static_cast<size_t>(count),
                     static_cast<float>(slot->timestep()));
    prompt_counts.push_back(count);
  }
  // [sum of prompts, 4, h, w]. Solvers compute in fp32, whatever the network computes in.
  const at::Tensor outputs =
      evaluations
          .Evaluate(model, at::cat(latents), at::tensor(timesteps).to(model->parts().device),
                    prompts.Of(rows))
          .to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  const std::vector<at::Tensor> parts = outputs.split_with_sizes(prompt_counts);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (PictureSlot* const slot = places.at(i)) slot->Advance(parts[i]);
  }
}

}  // namespace imprint::engine
