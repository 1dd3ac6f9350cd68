#include "engine/model/vae.h"

#include <utility>

namespace imprint::engine {
namespace {

// Of all group norms in Diffusers' AutoencoderKL.
constexpr double kEpsilon = 1e-6;
// exp(logvar / 2) of a wild logvar must not overflow: Diffusers' DiagonalGaussianDistribution.
constexpr double kMinLogVariance = -30.0;
constexpr double kMaxLogVariance = 20.0;

ResnetBlock MakeResnet(const WeightScope& weights, int64_t in, int64_t out, int64_t groups) {
  return ResnetBlock(weights, {.in = in, .out = out, .groups = groups, .epsilon = kEpsilon});
}

const AttentionNames& Names() {
  static const auto* const names = new AttentionNames{"to_q", "to_k", "to_v", "to_out.0"};
  return *names;
}

constexpr Conv2d::Shape kPointwise = {.kernel = 1, .padding = 0};

std::optional<Conv2d> PointwiseIf(bool present, const WeightScope& weights, int64_t channels) {
  if (!present) return std::nullopt;
  return Conv2d(weights, channels, channels, kPointwise);
}

}  // namespace

VaeMiddle::VaeMiddle(const WeightScope& weights, int64_t channels, int64_t groups)
    : resnet1_(MakeResnet(weights.In("resnets.0"), channels, channels, groups)),
      norm_(weights.In("attentions.0.group_norm"), groups, channels, kEpsilon),
      attention_(weights.In("attentions.0"), Names(), {channels, /*heads=*/1, /*bias=*/true}),
      resnet2_(MakeResnet(weights.In("resnets.1"), channels, channels, groups)) {}

at::Tensor VaeMiddle::Forward(const at::Tensor& x) const {
  const at::Tensor h = resnet1_.Forward(x);
  const at::Tensor pixels = norm_(h).permute({0, 2, 3, 1}).flatten(1, 2);
  const at::Tensor attended = attention_.Forward(pixels);
  return resnet2_.Forward(h + attended.unflatten(1, {h.size(2), h.size(3)}).permute({0, 3, 1, 2}));
}

VaeEncoder::VaeEncoder(const WeightScope& weights, const VaeConfig& config)
    : type_(weights.options().type),
      conv_in_(weights.In("encoder.conv_in"), 3, config.channels.front()),
      middle_(weights.In("encoder.mid_block"), config.channels.back(), config.groups),
      norm_out_(weights.In("encoder.conv_norm_out"), config.groups, config.channels.back(),
                kEpsilon),
      conv_out_(weights.In("encoder.conv_out"), config.channels.back(), 2 * config.latent_channels),
      quant_(PointwiseIf(config.quant_conv, weights.In("quant_conv"), 2 * config.latent_channels)) {
  int64_t channels = config.channels.front();
  for (size_t i = 0; i < config.channels.size(); ++i) {
    const WeightScope block = weights.In("encoder.down_blocks", static_cast<int64_t>(i));
    Stage stage;
    for (int64_t layer = 0; layer < config.layers_per_block; ++layer) {
      stage.resnets.push_back(
          MakeResnet(block.In("resnets", layer), channels, config.channels[i], config.groups));
      channels = config.channels[i];
    }
    if (i + 1 < config.channels.size()) {
      stage.downsample.emplace(block.In("downsamplers.0.conv"), channels, channels,
                               Conv2d::Shape{.stride = 2, .padding = 0});
    }
    stages_.push_back(std::move(stage));
  }
}

LatentDistribution VaeEncoder::Forward(const at::Tensor& pixels) const {
  at::Tensor h = conv_in_(pixels.to(type_).contiguous(at::MemoryFormat::ChannelsLast));
  for (const Stage& stage : stages_) {
    for (const ResnetBlock& resnet : stage.resnets) h = resnet.Forward(h);
    // Diffusers' encoder pads with one row and column of zeros, at the right and the bottom alone.
    if (stage.downsample) h = (*stage.downsample)(at::constant_pad_nd(h, {0, 1, 0, 1}));
  }
  h = conv_out_(norm_out_.Silu(middle_.Forward(h)));
  if (quant_) h = (*quant_)(h);
  // [n, 4, h, w] each: the mean and the logarithm of the variance.
  const std::vector<at::Tensor> moments = h.chunk(2, 1);
  return {moments[0].contiguous(),
          at::exp(0.5 * at::clamp(moments[1], kMinLogVariance, kMaxLogVariance)).contiguous()};
}

VaeDecoder::VaeDecoder(const WeightScope& weights, const VaeConfig& config)
    : type_(weights.options().type),
      post_quant_(PointwiseIf(config.post_quant_conv, weights.In("post_quant_conv"),
                              config.latent_channels)),
      conv_in_(weights.In("decoder.conv_in"), config.latent_channels, config.channels.back()),
      middle_(weights.In("decoder.mid_block"), config.channels.back(), config.groups),
      norm_out_(weights.In("decoder.conv_norm_out"), config.groups, config.channels.front(),
                kEpsilon),
      conv_out_(weights.In("decoder.conv_out"), config.channels.front(), 3) {
  int64_t channels = config.channels.back();
  for (size_t i = 0; i < config.channels.size(); ++i) {
    const int64_t out = config.channels[config.channels.size() - 1 - i];
    const WeightScope block = weights.In("decoder.up_blocks", static_cast<int64_t>(i));
    Stage stage;
    for (int64_t layer = 0; layer <= config.layers_per_block; ++layer) {
      stage.resnets.push_back(MakeResnet(block.In("resnets", layer), channels, out, config.groups));
      channels = out;
    }
    if (i + 1 < config.channels.size()) {
      stage.upsample.emplace(block.In("upsamplers.0.conv"), channels, channels);
    }
    stages_.push_back(std::move(stage));
  }
}

at::Tensor VaeDecoder::Forward(const at::Tensor& latents) const {
  at::Tensor h = latents.to(type_).contiguous(at::MemoryFormat::ChannelsLast);
  if (post_quant_) h = (*post_quant_)(h);
  h = middle_.Forward(conv_in_(h));
  for (const Stage& stage : stages_) {
    for (const ResnetBlock& resnet : stage.resnets) h = resnet.Forward(h);
    if (stage.upsample) {
      h = (*stage.upsample)(at::upsample_nearest2d(h, {2 * h.size(2), 2 * h.size(3)}));
    }
  }
  return conv_out_(norm_out_.Silu(h));
}

}  // namespace imprint::engine
