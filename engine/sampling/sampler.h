// Draws pictures with a base model and concepts. This header needs no LibTorch: services and tools
// include it.
#pragma once

#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "engine/cuda/device_graph.h"
#include "engine/model/base_model.h"
#include "engine/sampling/drawing_order.h"
#include "formats/learned_embedding.h"

namespace imprint::engine {

struct ConceptSet;

// A base model and the concepts that prompts may name. Immutable.
class Sampler {
 public:
  // Makes a sampler that draws up to `max_batch` pictures at once. INVALID_ARGUMENT naming batch or
  // the embedding that does not fit the model. `record` is SharedBatch's.
  static absl::StatusOr<Sampler> Make(std::shared_ptr<const BaseModel> model,
                                      std::span<const LearnedEmbedding> embeddings, int max_batch,
                                      RecordGraph record = nullptr);
  Sampler(Sampler&&) noexcept;
  ~Sampler();

  // Draws the requests, after checking every one of them: INVALID_ARGUMENT naming picture and field
  // before anything is drawn. `fixed_batch` is DrawingOrder's.
  absl::Status Draw(std::span<const PictureRequest> requests, const DrawHooks& hooks,
                    int fixed_batch = 0) const;
  // Does the same for an order with all that it may have.
  absl::Status Draw(DrawingOrder order) const;

  // Counts a prompt's tokens, and how many of them the model reads. INVALID_ARGUMENT if the style
  // does not allow the prompt.
  struct PromptLength {
    int tokens;
    int read;
  };
  absl::StatusOr<PromptLength> Measure(absl::string_view prompt, PromptStyle style) const;

  const std::shared_ptr<const BaseModel>& model() const { return model_; }
  const std::shared_ptr<const ConceptSet>& concepts() const { return concepts_; }

 private:
  Sampler(std::shared_ptr<const BaseModel> model, std::shared_ptr<const ConceptSet> concepts,
          int max_batch, RecordGraph record);

  std::shared_ptr<const BaseModel> model_;
  std::shared_ptr<const ConceptSet> concepts_;
  int max_batch_;
  RecordGraph record_;
};

}  // namespace imprint::engine
