#include "engine/training/batch_gradients.h"

#include <utility>

namespace imprint::engine {
namespace {

TrainingBatch CopyOf(const TrainingBatch& batch) {
  const PromptTensors& captions = batch.captions;
  return {batch.latents.clone(),
          batch.noise.clone(),
          batch.timesteps.clone(),
          {captions.count, captions.ids.clone(), captions.places.clone(), captions.rows.clone()}};
}

void Overwrite(TrainingBatch& batch, const TrainingBatch& with) {
  batch.latents.copy_(with.latents);
  batch.noise.copy_(with.noise);
  batch.timesteps.copy_(with.timesteps);
  batch.captions.ids.copy_(with.captions.ids);
  batch.captions.places.copy_(with.captions.places);
  batch.captions.rows.copy_(with.captions.rows);
}

}  // namespace

BatchGradients::BatchGradients(const ModelParts& model, int64_t total_samples, Keeping keeping,
                               const RecordGraph& record)
    : model_(model),
      total_samples_(total_samples),
      keeping_(keeping),
      record_(model.unet.type() == at::kHalf ? nullptr : record) {}

LossAndGradient BatchGradients::Compute(const TrainingBatch& batch, const at::Tensor& rows) {
  if (!record_) return ComputeGradient(model_, batch, rows, total_samples_, keeping_);
  std::unique_ptr<Recorded>& recorded = recorded_[batch.captions.count];
  if (recorded == nullptr) {
    recorded = Record(batch, rows);
  } else {
    Overwrite(recorded->batch, batch);
    recorded->rows.copy_(rows);
  }
  recorded->graph->Replay();
  return recorded->result;
}

std::unique_ptr<BatchGradients::Recorded> BatchGradients::Record(const TrainingBatch& batch,
                                                                 const at::Tensor& rows) const {
  auto made = std::make_unique<Recorded>(Recorded{
      CopyOf(batch), rows.clone(), {at::empty({}, rows.options()), at::empty_like(rows)}, nullptr});
  made->graph = record_([this, recorded = made.get()] {
    const LossAndGradient result =
        ComputeGradient(model_, recorded->batch, recorded->rows, total_samples_, keeping_);
    recorded->result.loss.copy_(result.loss);
    recorded->result.gradient.copy_(result.gradient);
  });
  return made;
}

}  // namespace imprint::engine
