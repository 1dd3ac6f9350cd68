// From the names of the original code to those of Diffusers, and from tensors to the configuration
// that they were made from. One function each for a component; `tensors` have the component's
// prefix cut off.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/checkpoint/single_file.h"
#include "formats/safetensors.h"

namespace imprint {

struct OriginalComponent {
  TensorViews tensors;
  nlohmann::json config;
};

// "model.diffusion_model.". Tensors that have no place keep their names, so that whoever builds the
// network can list them.
OriginalComponent FromOriginalUnet(const TensorViews& tensors, OriginalFamily family,
                                   bool predicts_velocity);

// "first_stage_model.".
OriginalComponent FromOriginalVae(const TensorViews& tensors);

// "cond_stage_model.transformer." of SD 1.x: transformers' own names.
OriginalComponent FromClipTextModel(const TensorViews& tensors);

// "cond_stage_model.model." of SD 2.x: OpenCLIP's names. Without the last block: SD 2.x conditions
// on the output of the last but one.
OriginalComponent FromOpenClip(const TensorViews& tensors);

// The extent of a tensor, or 0 if there is none of that name and rank.
int64_t ExtentOf(const TensorViews& tensors, absl::string_view name, size_t dimension);

// How many of prefix0suffix, prefix1suffix, ... there are.
int64_t CountNumbered(const TensorViews& tensors, absl::string_view prefix,
                      absl::string_view suffix);

}  // namespace imprint
