#include "engine/sampling/sampler.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/sampling/concept_set.h"
#include "engine/sampling/prompt_reading.h"
#include "engine/sampling/shared_batch.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {
namespace {

constexpr int kMaxBatch = 256;

}  // namespace

Sampler::Sampler(std::shared_ptr<const BaseModel> model, std::shared_ptr<const ConceptSet> concepts,
                 int max_batch, RecordGraph record)
    : model_(std::move(model)),
      concepts_(std::move(concepts)),
      max_batch_(max_batch),
      record_(std::move(record)) {}
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;

absl::StatusOr<Sampler> Sampler::Make(std::shared_ptr<const BaseModel> model,
                                      std::span<const LearnedEmbedding> embeddings, int max_batch,
                                      RecordGraph record) {
  if (max_batch < 1 || max_batch > kMaxBatch) {
    return FieldError("batch", absl::StrCat(max_batch),
                      absl::StrCat("a whole number from 1 to ", kMaxBatch));
  }
  return CatchTorchErrors([&]() -> absl::StatusOr<Sampler> {
    ASSIGN_OR_RETURN(ConceptSet concepts, ConceptSet::Make(*model, embeddings));
    return Sampler(std::move(model), std::make_shared<const ConceptSet>(std::move(concepts)),
                   max_batch, std::move(record));
  });
}

absl::Status Sampler::Draw(std::span<const PictureRequest> requests, const DrawHooks& hooks,
                           int fixed_batch) const {
  return Draw(
      {.requests = {requests.begin(), requests.end()}, .hooks = hooks, .fixed_batch = fixed_batch});
}

absl::Status Sampler::Draw(DrawingOrder order) const {
  SharedBatch batch(max_batch_, record_);
  const auto on_warning = order.hooks.on_warning;
  absl::Status end;
  RETURN_IF_ERROR(
      batch.Add(*this, std::move(order), [&](const absl::Status& status) { end = status; }));
  while (!batch.empty()) {
    batch.Step();
    const std::string warning = batch.TakeWarning();
    if (!warning.empty() && on_warning) on_warning(warning);
  }
  return end;
}

absl::StatusOr<Sampler::PromptLength> Sampler::Measure(absl::string_view prompt,
                                                       PromptStyle style) const {
  ASSIGN_OR_RETURN(const ChunkedPrompt read,
                   ReadPrompt(model_->tokenizer(), concepts_->vocabulary, prompt, style));
  return PromptLength{.tokens = read.tokens, .read = read.kept};
}

}  // namespace imprint::engine
