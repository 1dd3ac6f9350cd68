#include "engine/model/unet.h"

#include <cmath>
#include <utility>

namespace imprint::engine {
namespace {

// Vaswani et al. 2017, section 3.5.
constexpr double kMaxPeriod = 10'000;
// Width of the time embedding, in channels of the finest level.
constexpr int64_t kTimeFactor = 4;

SpatialTransformer MakeAttention(const WeightScope& weights, const UnetConfig& config,
                                 const UnetConfig::Level& level) {
  return SpatialTransformer(weights, {.channels = level.channels,
                                      .heads = level.heads,
                                      .groups = config.groups,
                                      .context_channels = config.context_channels,
                                      .blocks = config.transformer_blocks,
                                      .linear_projection = config.linear_projection});
}

ResnetBlock MakeResnet(const WeightScope& weights, const UnetConfig& config, int64_t in,
                       int64_t out, int64_t time_width) {
  return ResnetBlock(weights, {.in = in,
                               .out = out,
                               .groups = config.groups,
                               .epsilon = config.norm_epsilon,
                               .time = time_width});
}

}  // namespace

at::Tensor SinusoidalEmbedding(const at::Tensor& timesteps, int64_t channels) {
  const int64_t half = channels / 2;
  // Divided by half, not by half - 1: freq_shift is 0.
  const at::Tensor exponents =
      at::arange(half, timesteps.options().dtype(at::kFloat)) * (-std::log(kMaxPeriod) / half);
  const at::Tensor angles = timesteps.to(at::kFloat).unsqueeze(1) * exponents.exp().unsqueeze(0);
  return at::cat({angles.cos(), angles.sin()}, 1);
}

Unet::Unet(const WeightScope& weights, const UnetConfig& config)
    : type_(weights.options().type),
      time_channels_(config.levels.front().channels),
      time1_(weights.In("time_embedding.linear_1"), time_channels_, kTimeFactor * time_channels_),
      time2_(weights.In("time_embedding.linear_2"), kTimeFactor * time_channels_,
             kTimeFactor * time_channels_),
      conv_in_(weights.In("conv_in"), config.in_channels, time_channels_),
      down_(DownStages(weights, config, kTimeFactor * time_channels_)),
      middle1_(MakeResnet(weights.In("mid_block.resnets.0"), config, config.levels.back().channels,
                          config.levels.back().channels, kTimeFactor * time_channels_)),
      middle_attention_(
          MakeAttention(weights.In("mid_block.attentions.0"), config, config.levels.back())),
      middle2_(MakeResnet(weights.In("mid_block.resnets.1"), config, config.levels.back().channels,
                          config.levels.back().channels, kTimeFactor * time_channels_)),
      up_(UpStages(weights, config, kTimeFactor * time_channels_)),
      norm_out_(weights.In("conv_norm_out"), config.groups, time_channels_, config.norm_epsilon),
      conv_out_(weights.In("conv_out"), time_channels_, config.out_channels) {}

std::vector<Unet::Stage> Unet::DownStages(const WeightScope& weights, const UnetConfig& config,
                                          int64_t time_width) {
  std::vector<Stage> stages;
  int64_t channels = config.levels.front().channels;
  for (size_t i = 0; i < config.levels.size(); ++i) {
    const UnetConfig::Level& level = config.levels[i];
    const WeightScope block = weights.In("down_blocks", static_cast<int64_t>(i));
    Stage stage;
    for (int64_t layer = 0; layer < config.layers_per_block; ++layer) {
      stage.resnets.push_back(
          MakeResnet(block.In("resnets", layer), config, channels, level.channels, time_width));
      if (level.down_attends) {
        stage.attentions.push_back(MakeAttention(block.In("attentions", layer), config, level));
      }
      channels = level.channels;
    }
    if (i + 1 < config.levels.size()) {
      stage.resample.emplace(block.In("downsamplers.0.conv"), channels, channels,
                             Conv2d::Shape{.stride = 2});
    }
    stages.push_back(std::move(stage));
  }
  return stages;
}

std::vector<Unet::Stage> Unet::UpStages(const WeightScope& weights, const UnetConfig& config,
                                        int64_t time_width) {
  std::vector<Stage> stages;
  int64_t channels = config.levels.back().channels;
  for (size_t i = 0; i < config.levels.size(); ++i) {
    const size_t depth = config.levels.size() - 1 - i;
    const UnetConfig::Level& level = config.levels[depth];
    // The last layer's skip comes from the level above (at the top: from conv_in, as wide).
    const int64_t above = config.levels[depth == 0 ? 0 : depth - 1].channels;
    const WeightScope block = weights.In("up_blocks", static_cast<int64_t>(i));
    Stage stage;
    // One layer more than on the way down, for the skip of the resampling (at the top: of conv_in).
    for (int64_t layer = 0; layer <= config.layers_per_block; ++layer) {
      const int64_t skip = layer == config.layers_per_block ? above : level.channels;
      stage.resnets.push_back(MakeResnet(block.In("resnets", layer), config, channels + skip,
                                         level.channels, time_width));
      if (level.up_attends) {
        stage.attentions.push_back(MakeAttention(block.In("attentions", layer), config, level));
      }
      channels = level.channels;
    }
    if (depth > 0) stage.resample.emplace(block.In("upsamplers.0.conv"), channels, channels);
    stages.push_back(std::move(stage));
  }
  return stages;
}

at::Tensor Unet::Reader::Do(const TensorWork& work, const at::Tensor& x, size_t blocks) {
  // Through a view, the gradients of x from within the layer are summed before those from
  // elsewhere, whatever is kept: sums in the same order have the same bits.
  std::vector<at::Tensor> inputs = {x.view_as(x), time};
  inputs.insert(inputs.end(), unread.begin(), unread.begin() + static_cast<int64_t>(blocks));
  unread = unread.subspan(blocks);
  return keeping == Keeping::kAll ? work(inputs) : Checkpointed(work, std::move(inputs));
}

at::Tensor Unet::Stage::Layer(size_t i, const at::Tensor& x, Reader& reader) const {
  if (attentions.empty()) {
    return reader.Do([&resnet = resnets[i]](auto in) { return resnet.Forward(in[0], in[1]); }, x,
                     0);
  }
  return reader.Do(
      [&resnet = resnets[i], &attention = attentions[i]](auto in) {
        return attention.Forward(resnet.Forward(in[0], in[1]), in.subspan(2));
      },
      x, attentions[i].blocks());
}

at::Tensor Unet::EmbedTime(const at::Tensor& timesteps) const {
  // In fp32 up to here, as in Diffusers: bf16 cannot tell neighbouring timesteps apart.
  const at::Tensor sinusoid = SinusoidalEmbedding(timesteps, time_channels_).to(type_);
  return time2_(at::silu(time1_(sinusoid)));
}

PromptKeys Unet::KeysOf(const at::Tensor& context) const {
  const at::Tensor words = context.to(type_);
  PromptKeys prompts;
  const auto read = [&](const std::vector<Stage>& stages) {
    for (const Stage& stage : stages) {
      for (const SpatialTransformer& attention : stage.attentions) {
        attention.KeysOf(words, prompts);
      }
    }
  };
  read(down_);
  middle_attention_.KeysOf(words, prompts);
  read(up_);
  return prompts;
}

at::Tensor Unet::Forward(const at::Tensor& latents, const at::Tensor& timesteps,
                         const PromptKeys& prompts, Keeping keeping) const {
  // Every resnet projects the activated embedding; it is the same for all of them.
  Reader reader{at::silu(EmbedTime(timesteps)), prompts, keeping};
  at::Tensor h = conv_in_(latents.to(type_).contiguous(at::MemoryFormat::ChannelsLast));

  std::vector<at::Tensor> skips = {h};
  for (const Stage& stage : down_) {
    for (size_t i = 0; i < stage.resnets.size(); ++i) {
      h = stage.Layer(i, h, reader);
      skips.push_back(h);
    }
    if (stage.resample) skips.push_back(h = (*stage.resample)(h));
  }

  h = reader.Do(
      [this](auto in) {
        const at::Tensor first = middle1_.Forward(in[0], in[1]);
        return middle2_.Forward(middle_attention_.Forward(first, in.subspan(2)), in[1]);
      },
      h, middle_attention_.blocks());

  for (const Stage& stage : up_) {
    for (size_t i = 0; i < stage.resnets.size(); ++i) {
      h = stage.Layer(i, at::cat({h, skips.back()}, 1), reader);
      skips.pop_back();
    }
    if (stage.resample) {
      // Enlarged to the skip's size, which is not always twice this one: sides need not divide by
      // 8.
      const at::Tensor& next = skips.back();
      h = (*stage.resample)(at::upsample_nearest2d(h, {next.size(2), next.size(3)}));
    }
  }
  return conv_out_(norm_out_.Silu(h));
}

}  // namespace imprint::engine
