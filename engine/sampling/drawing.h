// A list of requests on its way to pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <ATen/ATen.h>

#include "base/rgb_image.h"
#include "engine/model/base_model.h"
#include "engine/model/vae.h"
#include "engine/noise/noise_source.h"
#include "engine/sampling/batch_shape.h"
#include "engine/sampling/concept_set.h"
#include "engine/sampling/drawing_order.h"
#include "engine/sampling/picture_slot.h"
#include "engine/sampling/prompt_cache.h"
#include "engine/sampling/prompt_reading.h"

namespace imprint::engine {

// Says which pictures of a drawing can step next, begins them, and delivers what is finished; who
// steps together is the SharedBatch's to choose. Not thread-safe.
class Drawing {
 public:
  // Reads and checks all requests: INVALID_ARGUMENT naming picture and field. `max_batch` is the
  // most pictures of the model's own size that step together.
  static absl::StatusOr<std::unique_ptr<Drawing>> Make(std::shared_ptr<const BaseModel> model,
                                                       std::shared_ptr<const ConceptSet> concepts,
                                                       DrawingOrder order, size_t max_batch);
  Drawing(const Drawing&) = delete;
  Drawing& operator=(const Drawing&) = delete;

  const DrawingOrder& order() const { return order_; }
  const std::shared_ptr<const BaseModel>& model() const { return model_; }
  // Looks whether it was told to stop or to wind down. Between two calls nothing changes, whatever
  // other threads request meanwhile.
  void HearStops();
  bool is_winding_down() const { return is_winding_down_; }

  // Returns how it ended, once it has: OK if all pictures are delivered, CANCELLED if it was
  // stopped before.
  std::optional<absl::Status> End() const;

  // Returns the shape of what it would step next. It must not have ended.
  BatchShape NextShape() const;
  // Returns how many pictures of that size may step together.
  size_t Room(const PictureSize& size) const { return PlacesFor(size, max_batch_); }

  // Takes places for its pictures of the batch's shape: those that have begun first, then new ones,
  // in order. Throws LibTorch's errors, with some places taken.
  void TakePlaces(BatchPlaces& places);

  // Delivers the pictures that are finished, after a step that `stepped` of its pictures took.
  // Throws LibTorch's errors.
  absl::Status FinishStep(size_t stepped);

 private:
  // The result of a first pass: what the second starts from, and the picture's own noise.
  struct FirstPass {
    at::Tensor latent;  // enlarged
    NoiseSource noise;
  };

  // One pass of a request: its first, or the second, larger one.
  struct Pass {
    size_t index;
    BatchShape shape;
    std::optional<FirstPass> first;
  };

  struct Begun {
    Pass pass;
    PictureSlot slot;
  };

  Drawing(std::shared_ptr<const BaseModel> model, std::shared_ptr<const ConceptSet> concepts,
          DrawingOrder order, size_t max_batch);

  absl::Status ReadRequests();
  BatchShape ShapeOf(size_t index, const PictureSize& size) const;
  // Returns the places for pictures of that size in a batch of so many of the model's own.
  size_t PlacesFor(const PictureSize& size, size_t batch) const;
  int64_t PositionOf(size_t index) const;
  // Second passes come first, and also while winding down: their pictures are begun.
  std::deque<Pass>& Queue() { return second_passes_.empty() ? waiting_ : second_passes_; }
  const std::deque<Pass>& Queue() const {
    return second_passes_.empty() ? waiting_ : second_passes_;
  }
  PictureSlot Begin(const Pass& pass);
  absl::Status Finish(const Begun& begun);
  void SayWork() const;

  const std::shared_ptr<const BaseModel> model_;
  const std::shared_ptr<const ConceptSet> concepts_;
  const DrawingOrder order_;
  const size_t max_batch_;
  PromptReader reader_;
  std::vector<PromptPair> prompts_;  // of each request
  PromptCache contexts_;
  std::deque<Pass> waiting_;
  // Never more than there are places: no other picture of this drawing begins while any waits.
  std::deque<Pass> second_passes_;
  // In the order in which they began. Pictures stay where they are: batches refer to them.
  std::list<Begun> begun_;
  // The last source picture that was encoded, kept because requests that differ in their seeds
  // share it.
  std::shared_ptr<const RgbImage> source_;
  LatentDistribution source_latents_;
  bool is_stopped_ = false;
  bool is_winding_down_ = false;
  bool has_begun_ = false;
  int64_t steps_done_ = 0;
  int64_t steps_total_ = 0;
};

}  // namespace imprint::engine
