#include "engine/training/batch_gradients.h"

#include <algorithm>
#include <cstddef>

namespace imprint::engine {
namespace {

GradientRequest CopyOf(const GradientRequest& request) {
  const auto& [batch, rows, total_samples] = request;
  const PromptTensors& captions = batch.captions;
  return {{batch.latents.clone(),
           batch.noise.clone(),
           batch.timesteps.clone(),
           {captions.count, captions.ids.clone(), captions.places.clone(), captions.rows.clone()}},
          rows.clone(),
          total_samples};
}

void Overwrite(GradientRequest& request, const GradientRequest& with) {
  request.batch.latents.copy_(with.batch.latents);
  request.batch.noise.copy_(with.batch.noise);
  request.batch.timesteps.copy_(with.batch.timesteps);
  request.batch.captions.ids.copy_(with.batch.captions.ids);
  request.batch.captions.places.copy_(with.batch.captions.places);
  request.batch.captions.rows.copy_(with.batch.captions.rows);
  request.rows.copy_(with.rows);
}

// Whether one graph does both: the number of samples of a step is part of what is recorded.
bool AreAlike(const GradientRequest& a, const GradientRequest& b) {
  return a.total_samples == b.total_samples && a.rows.sizes() == b.rows.sizes() &&
         a.batch.latents.sizes() == b.batch.latents.sizes() &&
         a.batch.captions.places.sizes() == b.batch.captions.places.sizes();
}

}  // namespace

BatchGradients::BatchGradients(const ModelParts& model, Keeping keeping, const RecordGraph& record)
    : model_(model),
      keeping_(keeping),
      graphs_(model.unet.type() == at::kHalf ? nullptr : record) {}

std::vector<LossAndGradient> BatchGradients::Compute(std::span<const GradientRequest> requests) {
  Recorded* recorded = graphs_.Find([&](const Recorded& each) {
    return std::equal(each.requests.begin(), each.requests.end(), requests.begin(), requests.end(),
                      AreAlike);
  });
  if (recorded != nullptr) {
    for (size_t i = 0; i < requests.size(); ++i) Overwrite(recorded->requests[i], requests[i]);
  } else {
    recorded = Record(requests);
  }
  if (recorded == nullptr) return ComputeGradients(model_, requests, keeping_);
  recorded->graph->Replay();
  return recorded->results;
}

BatchGradients::Recorded* BatchGradients::Record(std::span<const GradientRequest> requests) {
  const auto prepare = [&](Recorded& entry) {
    for (const GradientRequest& request : requests) {
      entry.requests.push_back(CopyOf(request));
      entry.results.push_back(
          {at::empty({}, request.rows.options()), at::empty_like(request.rows)});
    }
    return [this, &entry] {
      const auto results = ComputeGradients(model_, entry.requests, keeping_);
      for (size_t i = 0; i < results.size(); ++i) {
        entry.results[i].loss.copy_(results[i].loss);
        entry.results[i].gradient.copy_(results[i].gradient);
      }
    };
  };
  return graphs_.Record(prepare, /*can_ask_for_less=*/requests.size() > 1);
}

}  // namespace imprint::engine
