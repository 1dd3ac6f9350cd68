#include "engine/model/clip_text_encoder.h"

namespace imprint::engine {

ClipTextEncoder::ClipTextEncoder(const WeightScope& weights, const ClipTextConfig& config)
    : config_(config),
      token_table_(weights.Take("embeddings.token_embedding.weight",
                                {config.vocabulary, config.tower.width})),
      position_table_(weights.Take("embeddings.position_embedding.weight",
                                   {config.length, config.tower.width})),
      tower_(weights.In("encoder"), config.tower),
      final_norm_(weights.In("final_layer_norm"), config.tower.width, config.tower.epsilon) {}

at::Tensor ClipTextEncoder::Forward(const PromptTensors& prompts, const at::Tensor& concept_rows,
                                    int clip_skip) const {
  // [n * length, width]
  at::Tensor embedded = token_table_.index_select(0, prompts.ids);
  if (prompts.rows.numel() > 0) {
    const at::Tensor spliced =
        concept_rows.index_select(0, prompts.rows).to(token_table_.scalar_type());
    // Not in place: the gradient goes to `concept_rows`, and the table, which has none, stays as it
    // is.
    embedded = embedded.index_copy(0, prompts.places, spliced);
  }
  const at::Tensor hidden = embedded.view({prompts.count, -1, width()}) + position_table_;
  const auto skipped = static_cast<size_t>(clip_skip - 1);
  return final_norm_(tower_.Forward(hidden, /*causal=*/true, skipped));
}

at::Tensor ClipTextEncoder::Forward(std::span<const TokenizedPrompt> prompts,
                                    const at::Tensor& concept_rows, int clip_skip) const {
  return Forward(TensorsOf(prompts).To(token_table_.device()), concept_rows, clip_skip);
}

at::Tensor ClipTextEncoder::TokenRows(const std::vector<int32_t>& ids) const {
  const at::Tensor index = at::tensor(std::vector<int64_t>(ids.begin(), ids.end()));
  return token_table_.index_select(0, index.to(token_table_.device())).to(at::kFloat);
}

double ClipTextEncoder::MeanTokenNorm() const {
  return token_table_.to(at::kFloat).norm(2, {1}).mean().item<double>();
}

}  // namespace imprint::engine
