#include "engine/sampling/sampler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/company/company_watch.h"
#include "engine/model/model_parts.h"
#include "engine/sampling/batching_loop.h"
#include "engine/sampling/concept_set.h"
#include "engine/sampling/prompt_reading.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {
namespace {

constexpr int kMaxBatch = 256;

}  // namespace

Sampler::Sampler(std::shared_ptr<const BaseModel> model, std::unique_ptr<const ConceptSet> concepts,
                 int max_batch)
    : model_(std::move(model)), concepts_(std::move(concepts)), max_batch_(max_batch) {}
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;

absl::StatusOr<Sampler> Sampler::Make(std::shared_ptr<const BaseModel> model,
                                      std::span<const LearnedEmbedding> embeddings, int max_batch) {
  if (max_batch < 1 || max_batch > kMaxBatch) {
    return FieldError("batch", absl::StrCat(max_batch),
                      absl::StrCat("a whole number from 1 to ", kMaxBatch));
  }
  return CatchTorchErrors([&]() -> absl::StatusOr<Sampler> {
    ASSIGN_OR_RETURN(ConceptSet concepts, ConceptSet::Make(*model, embeddings));
    return Sampler(std::move(model), std::make_unique<const ConceptSet>(std::move(concepts)),
                   max_batch);
  });
}

absl::Status Sampler::Draw(std::span<const PictureRequest> requests, const DrawHooks& hooks,
                           int least_batch) const {
  PromptReader reader(model_->tokenizer(), concepts_->vocabulary);
  std::vector<PromptPair> prompts;
  for (size_t i = 0; i < requests.size(); ++i) {
    const std::string picture = absl::StrCat("picture ", i + 1);
    RETURN_IF_ERROR(InContext(picture, CheckRequest(model_->info(), requests[i])));
    const auto read = reader.Read(requests[i]);
    if (!read.ok()) return InContext(picture, read.status());
    prompts.push_back(*read);
  }
  const CompanyWatch company(model_->parts().device);
  return CatchTorchErrors([&] {
    const c10::InferenceMode no_autograd;
    return BatchingLoop(*model_, *concepts_, static_cast<size_t>(max_batch_),
                        static_cast<size_t>(std::clamp(least_batch, 1, max_batch_)), requests,
                        prompts, reader.EmptyPrompt(), hooks)
        .Run();
  });
}

absl::StatusOr<Sampler::PromptLength> Sampler::Measure(absl::string_view prompt,
                                                       PromptStyle style) const {
  ASSIGN_OR_RETURN(const ChunkedPrompt read,
                   ReadPrompt(model_->tokenizer(), concepts_->vocabulary, prompt, style));
  return PromptLength{.tokens = read.tokens, .read = read.kept};
}

}  // namespace imprint::engine
