// Converts the original code's names to those of Diffusers, and derives from the tensors the
// configuration that they were made with. There is one function for each component; `tensors` have
// the component's prefix removed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "formats/safetensors.h"

namespace imprint::engine {

// The family by text encoder, which determines most about a checkpoint.
enum class OriginalFamily { kSd1, kSd2 };

struct OriginalComponent {
  TensorViews tensors;
  nlohmann::json config;
  // Names that have no place in the network, as they were in the file.
  std::vector<std::string> passed_over;
};

// Returns how many of the text encoder's `blocks` are used: SD 2.x conditions on the output of the
// last but one, and its files hold all 24 of OpenCLIP's ViT-H or, once they went through Diffusers,
// the 23 that count. With another number of blocks, as in small models, the last is spare if the
// file holds what OpenCLIP has after it: `has_head`, its projection or temperature.
int64_t OpenClipBlocksThatCount(int64_t blocks, bool has_head);

// Converts "model.diffusion_model.".
OriginalComponent FromOriginalUnet(const TensorViews& tensors, OriginalFamily family,
                                   bool predicts_velocity);

// Converts "first_stage_model.".
OriginalComponent FromOriginalVae(const TensorViews& tensors);

// Converts "cond_stage_model.transformer.": transformers' own names, which SD 1.x has. SD 2.x has
// them where some tool renamed its tensors, and then as few blocks as OpenClipBlocksThatCount says.
OriginalComponent FromClipTextModel(const TensorViews& tensors, OriginalFamily family);

// Converts "cond_stage_model.model." of SD 2.x: OpenCLIP's names, without a spare last block.
OriginalComponent FromOpenClip(const TensorViews& tensors);

// Returns the extent of a tensor in `dimension`, or 0 if there is none of that name and rank.
int64_t ExtentOf(const TensorViews& tensors, absl::string_view name, size_t dimension);

// Returns how many of prefix0suffix, prefix1suffix, ... there are.
int64_t CountNumbered(const TensorViews& tensors, absl::string_view prefix,
                      absl::string_view suffix);

}  // namespace imprint::engine
