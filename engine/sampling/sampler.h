// Draws pictures with a base model and concepts. This header needs no LibTorch: services and tools
// include it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/rgb_image.h"
#include "engine/model/base_model.h"
#include "engine/sampling/picture_request.h"
#include "formats/learned_embedding.h"

namespace imprint::engine {

struct ConceptSet;

// Callbacks by which the caller follows and controls a drawing. Called on the drawing thread.
struct DrawHooks {
  // Reports the solver steps done and the total, over all pictures.
  std::function<void(int64_t done, int64_t total)> on_step;
  // Reports progress where nothing else is called for long: large pictures take minutes to encode
  // and decode.
  std::function<void()> on_work;
  // Delivers a finished picture and its request's index, in the order in which pictures finish. An
  // error ends the drawing.
  std::function<absl::Status(size_t index, RgbImage picture)> on_picture;
  // Checked between steps; drawing then ends with CANCELLED.
  std::stop_token stop;
  // Once requested, no further picture is begun; drawing ends with CANCELLED when those that were
  // begun are finished, unless these were all.
  std::stop_token wind_down;
};

// Draws with step-level continuous batching: a picture joins as soon as a place is free, whatever
// steps, guidance or prompt its neighbours have. A picture's noise depends on its own seed alone.
// Draw must not run in two threads at once.
class Sampler {
 public:
  // Makes a sampler that draws up to `max_batch` pictures at once. INVALID_ARGUMENT naming batch or
  // the embedding that does not fit the model.
  static absl::StatusOr<Sampler> Make(std::shared_ptr<const BaseModel> model,
                                      std::span<const LearnedEmbedding> embeddings, int max_batch);
  Sampler(Sampler&&) noexcept;
  ~Sampler();

  // Draws the requests, after checking every one of them: INVALID_ARGUMENT naming picture and field
  // before anything is drawn. Kernels round differently for other batch shapes, so batches of fewer
  // than `least_batch` pictures (at most the sampler's max_batch) are filled up: a picture that is
  // drawn again without some of its neighbours is the same, bit for bit.
  absl::Status Draw(std::span<const PictureRequest> requests, const DrawHooks& hooks,
                    int least_batch = 1) const;

  // Counts a prompt's tokens, and how many of them the model reads. INVALID_ARGUMENT if the style
  // does not allow the prompt.
  struct PromptLength {
    int tokens;
    int read;
  };
  absl::StatusOr<PromptLength> Measure(absl::string_view prompt, PromptStyle style) const;

 private:
  Sampler(std::shared_ptr<const BaseModel> model, std::unique_ptr<const ConceptSet> concepts,
          int max_batch);

  std::shared_ptr<const BaseModel> model_;
  std::unique_ptr<const ConceptSet> concepts_;
  int max_batch_;
};

}  // namespace imprint::engine
