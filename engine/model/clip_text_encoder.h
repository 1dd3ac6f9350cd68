// CLIP's text encoder with concepts' embeddings spliced into the token lookup.
#pragma once

#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "engine/model/clip_config.h"
#include "engine/model/clip_tower.h"
#include "engine/model/prompt_tensors.h"
#include "text/clip_tokenizer.h"

namespace imprint::engine {

// Frozen; thread-safe.
class ClipTextEncoder {
 public:
  ClipTextEncoder(const WeightScope& weights, const ClipTextConfig& config);

  // Returns the hidden states [n, length, width] of n prompts after the final layer norm: what the
  // UNet attends to. `concept_rows` [rows, width] fp32 replace the embeddings at the prompts'
  // concept places; undefined if no prompt has one. Differentiable with respect to `concept_rows`.
  // The norm is applied to the output of the `clip_skip`th layer from the end, 1 to the number of
  // layers: 1 is the last. Diffusers counts from 0 there.
  at::Tensor Forward(std::span<const TokenizedPrompt> prompts, const at::Tensor& concept_rows,
                     int clip_skip = 1) const;
  // Does the same for prompts that are already on the device.
  at::Tensor Forward(const PromptTensors& prompts, const at::Tensor& concept_rows,
                     int clip_skip = 1) const;

  // Returns the table's rows [ids.size(), width] in fp32, from which a new concept starts.
  at::Tensor TokenRows(const std::vector<int32_t>& ids) const;

  // Returns the mean L2 norm of the vocabulary's rows.
  double MeanTokenNorm() const;

  int64_t width() const { return config_.tower.width; }
  int64_t vocabulary() const { return config_.vocabulary; }
  int64_t length() const { return config_.length; }

  // Returns the token table [vocabulary, width], in the type that the model computes in.
  const at::Tensor& token_table() const { return token_table_; }

 private:
  ClipTextConfig config_;
  at::Tensor token_table_;
  at::Tensor position_table_;  // [length, width]
  ClipTower tower_;
  LayerNorm final_norm_;
};

}  // namespace imprint::engine
