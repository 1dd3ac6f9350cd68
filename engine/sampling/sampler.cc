#include "engine/sampling/sampler.h"

#include <algorithm>
#include <deque>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model/model_parts.h"
#include "engine/runtime/torch_errors.h"
#include "engine/sampling/concept_set.h"
#include "engine/sampling/picture_slot.h"
#include "engine/sampling/prompt_cache.h"
#include "engine/sampling/prompt_reading.h"

namespace imprint {
namespace {

constexpr int kMaxBatch = 256;

// One evaluation of the network for all slots, and a solver step for each. Fewer slots than `least`
// are made up for by the last one's again, whose outputs nobody looks at.
void StepTogether(const ModelParts& model, std::vector<PictureSlot>& slots, size_t least) {
  std::vector<at::Tensor> latents;
  std::vector<at::Tensor> contexts;
  std::vector<float> timesteps;
  std::vector<int64_t> counts;
  for (size_t i = 0; i < std::max(slots.size(), least); ++i) {
    const PictureSlot& slot = slots[std::min(i, slots.size() - 1)];
    const int64_t count = slot.context().size(0);
    latents.push_back(slot.input().unsqueeze(0).expand({count, -1, -1, -1}));
    contexts.push_back(slot.context());
    timesteps.insert(timesteps.end(), static_cast<size_t>(count),
                     static_cast<float>(slot.timestep()));
    counts.push_back(count);
  }
  const at::Tensor outputs =
      model.unet
          .Forward(at::cat(latents), at::tensor(timesteps).to(model.compute.device),
                   at::cat(contexts))
          .to(at::kFloat);
  const std::vector<at::Tensor> parts = outputs.split_with_sizes(counts);
  for (size_t i = 0; i < slots.size(); ++i) slots[i].Advance(parts[i]);
}

absl::StatusOr<RgbImage> Decode(const ModelParts& model, const at::Tensor& latent) {
  const at::Tensor scaled = latent.unsqueeze(0) / model.vae_config.scaling_factor;
  const at::Tensor pixels =
      model.vae_decoder.Forward(scaled.to(model.compute.type)).to(at::kFloat)[0];
  if (!pixels.isfinite().all().item<bool>()) {
    return absl::FailedPreconditionError(
        "it has pixels that are not numbers; is an embedding or the guidance far too large?");
  }
  const at::Tensor bytes = ((pixels / 2 + 0.5).clamp(0, 1) * 255)
                               .round()
                               .to(at::kByte)
                               .permute({1, 2, 0})
                               .cpu()
                               .contiguous();
  const auto* data = bytes.const_data_ptr<uint8_t>();
  return RgbImage{static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)),
                  std::vector<uint8_t>(data, data + bytes.numel())};
}

// The loop: places free up, requests take them, all step, finished pictures leave.
class BatchingLoop {
 public:
  BatchingLoop(const BaseModel& model, const ConceptSet& concepts, int max_batch, int least_batch,
               std::span<const PictureRequest> requests, std::span<const size_t> context_chunks,
               const DrawHooks& hooks)
      : model_(model),
        max_batch_(static_cast<size_t>(max_batch)),
        least_batch_(static_cast<size_t>(std::clamp(least_batch, 1, max_batch))),
        requests_(requests),
        context_chunks_(context_chunks),
        hooks_(hooks),
        prompts_(model, concepts),
        waiting_(requests.size()) {
    std::iota(waiting_.begin(), waiting_.end(), 0);
    for (const PictureRequest& request : requests) {
      steps_total_ += Evaluations(request.solver, request.steps);
    }
  }

  absl::Status Run() {
    while (true) {
      RETURN_IF_ERROR(FillPlaces());
      if (slots_.empty()) return absl::OkStatus();
      if (hooks_.stop.stop_requested()) return absl::CancelledError("drawing was stopped");
      StepTogether(model_.parts(), slots_, least_batch_);
      steps_done_ += static_cast<int64_t>(slots_.size());
      RETURN_IF_ERROR(DeliverFinished());
      if (hooks_.on_step) hooks_.on_step(steps_done_, steps_total_);
    }
  }

 private:
  // What the pictures of a batch have in common.
  struct Shape {
    int width;
    int height;
    size_t context_chunks;

    bool operator==(const Shape&) const = default;
  };

  // In order, except that only pictures of one shape can share a batch.
  absl::Status FillPlaces() {
    for (auto next = waiting_.begin(); next != waiting_.end() && slots_.size() < max_batch_;) {
      const PictureRequest& request = requests_[*next];
      const Shape shape = {request.width, request.height, context_chunks_[*next]};
      if (slots_.empty()) shape_ = shape;
      if (shape == shape_) {
        ASSIGN_OR_RETURN(at::Tensor context, prompts_.Context(request));
        slots_.emplace_back(model_, request, *next, std::move(context));
        next = waiting_.erase(next);
      } else {
        ++next;
      }
    }
    return absl::OkStatus();
  }

  absl::Status DeliverFinished() {
    for (auto slot = slots_.begin(); slot != slots_.end();) {
      if (!slot->done()) {
        ++slot;
        continue;
      }
      auto picture = Decode(model_.parts(), slot->latent());
      if (!picture.ok()) {
        return InContext(absl::StrCat("picture ", slot->index() + 1), picture.status());
      }
      RETURN_IF_ERROR(hooks_.on_picture(slot->index(), *std::move(picture)));
      slot = slots_.erase(slot);
    }
    return absl::OkStatus();
  }

  const BaseModel& model_;
  size_t max_batch_;
  size_t least_batch_;
  std::span<const PictureRequest> requests_;
  std::span<const size_t> context_chunks_;
  const DrawHooks& hooks_;
  PromptCache prompts_;
  std::deque<size_t> waiting_;
  std::vector<PictureSlot> slots_;
  Shape shape_ = {};
  int64_t steps_done_ = 0;
  int64_t steps_total_ = 0;
};

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
  std::vector<size_t> context_chunks;
  for (size_t i = 0; i < requests.size(); ++i) {
    const std::string picture = absl::StrCat("picture ", i + 1);
    RETURN_IF_ERROR(InContext(picture, CheckRequest(model_->info(), requests[i])));
    const auto chunks = ContextChunks(model_->tokenizer(), concepts_->vocabulary, requests[i]);
    if (!chunks.ok()) return InContext(picture, chunks.status());
    context_chunks.push_back(*chunks);
  }
  return CatchTorchErrors([&] {
    const c10::InferenceMode no_autograd;
    return BatchingLoop(*model_, *concepts_, max_batch_, least_batch, requests, context_chunks,
                        hooks)
        .Run();
  });
}

absl::StatusOr<Sampler::PromptLength> Sampler::Measure(absl::string_view prompt,
                                                       PromptStyle style) const {
  ASSIGN_OR_RETURN(const ChunkedPrompt read,
                   ReadPrompt(model_->tokenizer(), concepts_->vocabulary, prompt, style));
  return PromptLength{.tokens = read.tokens, .read = read.kept};
}

}  // namespace imprint
