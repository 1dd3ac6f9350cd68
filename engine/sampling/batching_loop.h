// Assigns a sampler's places to pictures: step-level continuous batching.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include <ATen/ATen.h>

#include "engine/model/base_model.h"
#include "engine/model/vae.h"
#include "engine/sampling/concept_set.h"
#include "engine/sampling/picture_request.h"
#include "engine/sampling/picture_slot.h"
#include "engine/sampling/prompt_cache.h"
#include "engine/sampling/prompt_reading.h"
#include "engine/sampling/sampler.h"

namespace imprint::engine {

// Requests take free places, all pictures step together, and finished ones leave. Draws one list of
// requests; what it is given must outlive it.
class BatchingLoop {
 public:
  // The requests must have been checked; `prompts` holds what each one's were read as, and `empty`
  // the empty prompt. 1 <= least_batch <= max_batch.
  BatchingLoop(const BaseModel& model, const ConceptSet& concepts, size_t max_batch,
               size_t least_batch, std::span<const PictureRequest> requests,
               std::span<const PromptPair> prompts, const ChunkedPrompt& empty,
               const DrawHooks& hooks);

  // Throws LibTorch's errors.
  absl::Status Run();

 private:
  // What pictures that step together have in common.
  struct Shape {
    PictureSize size;
    size_t context_chunks;

    bool operator==(const Shape&) const = default;
  };

  // The result of a first pass: what the second starts from, and the picture's own noise.
  struct FirstPass {
    at::Tensor latent;  // enlarged
    NoiseSource noise;
  };

  // One pass of a request: its first, or the second, larger one.
  struct Pass {
    size_t index;
    Shape shape;
    std::optional<FirstPass> first;
  };

  struct Place {
    Pass pass;
    PictureSlot slot;
  };

  // Returns how many pictures of that size step together.
  size_t Room(const PictureSize& size) const;
  void FillPlaces();
  PictureSlot Begin(const Pass& pass);
  void Step();
  absl::Status DeliverFinished();
  absl::Status Finish(const Place& place);

  const BaseModel& model_;
  size_t max_batch_;
  size_t least_batch_;
  std::span<const PictureRequest> requests_;
  std::span<const PromptPair> prompts_;
  const DrawHooks& hooks_;
  PromptCache contexts_;
  std::deque<Pass> waiting_;
  // Never more than there are places: no other picture takes one while any of these waits.
  std::deque<Pass> second_passes_;
  std::vector<Place> places_;
  PromptKeys joined_prompts_;  // of all places; empty once they have changed
  // The last source picture that was encoded, kept because requests that differ in their seeds
  // share it.
  std::shared_ptr<const RgbImage> source_;
  LatentDistribution source_latents_;
  int64_t steps_done_ = 0;
  int64_t steps_total_ = 0;
};

}  // namespace imprint::engine
