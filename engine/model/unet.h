// The denoising network (Ronneberger et al. 2015, "U-Net"; Rombach et al. 2022).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "engine/model/gradient_checkpoint.h"
#include "engine/model/layers.h"
#include "engine/model/resnet_block.h"
#include "engine/model/spatial_transformer.h"
#include "engine/model/unet_config.h"

namespace imprint::engine {

// What the network reads of the prompts: the keys and values of each cross-attention, [n, tokens, 2
// channels], in network order.
using PromptKeys = std::vector<at::Tensor>;

// What the forward pass keeps for the backward pass: everything, or each layer's input alone
// (gradient checkpointing).
enum class Keeping { kAll, kLayerInputs };

constexpr Keeping KeepingWith(bool gradient_checkpointing) {
  return gradient_checkpointing ? Keeping::kLayerInputs : Keeping::kAll;
}

// Frozen; Forward may run in several threads.
class Unet {
 public:
  Unet(const WeightScope& weights, const UnetConfig& config);

  // Computes the keys and values for prompts' hidden states [n, tokens, width]. They are the same
  // at every step, so that a picture needs them only once. Differentiable.
  PromptKeys KeysOf(const at::Tensor& context) const;

  // Returns what the network predicts (noise or velocity, depending on its training) for noisy
  // latents [n, 4, h, w] at timesteps [n] (0 to 999), given what it reads of n prompts.
  // Differentiable with respect to `prompts`; `keeping` decides whether the backward pass uses each
  // layer's kept results or computes them again.
  at::Tensor Forward(const at::Tensor& latents, const at::Tensor& timesteps,
                     const PromptKeys& prompts, Keeping keeping = Keeping::kAll) const;

  // Returns the type that it computes in.
  at::ScalarType type() const { return type_; }

 private:
  // The state of one forward pass that its layers consume: each layer takes its own part of the
  // prompts.
  struct Reader {
    at::Tensor time;                     // activated, [n, time channels]
    std::span<const at::Tensor> unread;  // the prompts that no layer has taken yet
    Keeping keeping;

    // Does a layer's work on x, the time, and its attention's share of the prompts, which it
    // removes from `unread`.
    at::Tensor Do(const TensorWork& work, const at::Tensor& x, size_t blocks);
  };

  // One resolution of the down or up path: each resnet is followed by its attention if the level
  // has any.
  struct Stage {
    std::vector<ResnetBlock> resnets;
    std::vector<SpatialTransformer> attentions;  // empty, or one for each resnet
    std::optional<Conv2d> resample;              // to the next level

    at::Tensor Layer(size_t i, const at::Tensor& x, Reader& reader) const;
  };

  static std::vector<Stage> DownStages(const WeightScope& weights, const UnetConfig& config,
                                       int64_t time_width);
  static std::vector<Stage> UpStages(const WeightScope& weights, const UnetConfig& config,
                                     int64_t time_width);

  at::Tensor EmbedTime(const at::Tensor& timesteps) const;

  at::ScalarType type_;
  int64_t time_channels_;
  Linear time1_;
  Linear time2_;
  Conv2d conv_in_;
  std::vector<Stage> down_;
  ResnetBlock middle1_;
  SpatialTransformer middle_attention_;
  ResnetBlock middle2_;
  std::vector<Stage> up_;
  GroupNorm norm_out_;
  Conv2d conv_out_;
};

// Returns the sinusoidal embedding of timesteps [n], [n, channels] fp32: cosines, then sines
// (Vaswani et al. 2017, section 3.5, in Diffusers' order).
at::Tensor SinusoidalEmbedding(const at::Tensor& timesteps, int64_t channels);

}  // namespace imprint::engine
