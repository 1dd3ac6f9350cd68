#include "engine/sampling/batch_step.h"

#include <algorithm>
#include <cstddef>

#include "engine/model/model_parts.h"

namespace imprint::engine {

const BatchPrompts& PromptJoin::Of(const std::vector<PictureSlot*>& rows) {
  const bool same = std::equal(rows.begin(), rows.end(), parts_.begin(), parts_.end(),
                               [](const PictureSlot* slot, const at::Tensor& part) {
                                 return slot->prompts().front().is_same(part);
                               });
  if (same) return joined_;
  Clear();
  for (size_t layer = 0; layer < rows.front()->prompts().size(); ++layer) {
    std::vector<at::Tensor> parts;
    for (const PictureSlot* slot : rows) parts.push_back(slot->prompts()[layer]);
    joined_.keys.push_back(at::cat(parts));
  }
  ++joined_.version;
  for (const PictureSlot* slot : rows) parts_.push_back(slot->prompts().front());
  return joined_;
}

void PromptJoin::Clear() {
  parts_.clear();
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
          .to(at::kFloat);
  const std::vector<at::Tensor> parts = outputs.split_with_sizes(prompt_counts);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (PictureSlot* const slot = places.at(i)) slot->Advance(parts[i]);
  }
}

}  // namespace imprint::engine
