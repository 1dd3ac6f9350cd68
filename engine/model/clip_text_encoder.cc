#include "engine/model/clip_text_encoder.h"

namespace imprint {

ClipTextEncoder::ClipTextEncoder(const WeightScope& weights, const ClipTextConfig& config)
    : config_(config),
      token_table_(weights.Take("embeddings.token_embedding.weight",
                                {config.vocabulary, config.tower.width})),
      position_table_(weights.Take("embeddings.position_embedding.weight",
                                   {config.length, config.tower.width})),
      tower_(weights.In("encoder"), config.tower),
      final_norm_(weights.In("final_layer_norm"), config.tower.width, config.tower.epsilon) {}

at::Tensor ClipTextEncoder::Forward(std::span<const TokenizedPrompt> prompts,
                                    const at::Tensor& concept_rows, int clip_skip) const {
  const auto count = static_cast<int64_t>(prompts.size());
  std::vector<int64_t> ids;
  std::vector<int64_t> flat_positions;  // in [count * length]
  std::vector<int64_t> rows;
  for (const TokenizedPrompt& prompt : prompts) {
    const auto first = static_cast<int64_t>(ids.size());
    ids.insert(ids.end(), prompt.ids.begin(), prompt.ids.end());
    for (const ConceptPlace& place : prompt.concept_places) {
      flat_positions.push_back(first + place.position);
      rows.push_back(place.row);
    }
  }
  const at::Device device = token_table_.device();
  at::Tensor embedded = token_table_.index_select(0, at::tensor(ids).to(device));
  if (!rows.empty()) {
    const at::Tensor spliced =
        concept_rows.index_select(0, at::tensor(rows).to(device)).to(token_table_.scalar_type());
    embedded = embedded.index_copy(0, at::tensor(flat_positions).to(device), spliced);
  }
  const at::Tensor hidden = embedded.view({count, -1, width()}) + position_table_;
  const auto skipped = static_cast<size_t>(clip_skip - 1);
  return final_norm_(tower_.Forward(hidden, /*causal=*/true, skipped));
}

at::Tensor ClipTextEncoder::TokenRows(const std::vector<int32_t>& ids) const {
  const at::Tensor index = at::tensor(std::vector<int64_t>(ids.begin(), ids.end()));
  return token_table_.index_select(0, index.to(token_table_.device())).to(at::kFloat);
}

double ClipTextEncoder::MeanTokenNorm() const {
  return token_table_.to(at::kFloat).norm(2, {1}).mean().item<double>();
}

}  // namespace imprint
