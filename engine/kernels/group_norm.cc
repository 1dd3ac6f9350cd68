#include "engine/kernels/group_norm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "engine/kernels/vector_math.h"

namespace imprint::engine {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Sums are carried in fp32 over this many pixels, then in fp64.
constexpr int64_t kPixelsPerSum = 64;

// A stretch of whole groups of one sample: the unit of work of a thread. Rows of `channels` floats
// lie `stride` apart, one for each pixel.
struct Block {
  int64_t pixels;
  int64_t stride;
  int64_t channels;
  int64_t channels_per_group;
};

// The inner loops run over channels, which lie beside each other: they compile to vector code, once
// for each generation of processors. Sums are of `pixels` rows.
IMPRINT_VECTORIZED void AddRows(const Block& block, int64_t pixels, const float* __restrict x,
                                float* __restrict sums) {
  for (int64_t pixel = 0; pixel < pixels; ++pixel, x += block.stride) {
    for (int64_t i = 0; i < block.channels; ++i) sums[i] += x[i];
  }
}

IMPRINT_VECTORIZED void AddSquares(const Block& block, int64_t pixels, const float* __restrict x,
                                   const float* __restrict means, float* __restrict sums) {
  for (int64_t pixel = 0; pixel < pixels; ++pixel, x += block.stride) {
    for (int64_t i = 0; i < block.channels; ++i) {
      const float centered = x[i] - means[i];
      sums[i] += centered * centered;
    }
  }
}

IMPRINT_VECTORIZED void AddGradients(const Block& block, int64_t pixels, const float* __restrict x,
                                     const float* __restrict gradient,
                                     const float* __restrict means, float* __restrict sums,
                                     float* __restrict products) {
  for (int64_t pixel = 0; pixel < pixels; ++pixel, x += block.stride, gradient += block.stride) {
    for (int64_t i = 0; i < block.channels; ++i) {
      sums[i] += gradient[i];
      products[i] += gradient[i] * (x[i] - means[i]);
    }
  }
}

IMPRINT_VECTORIZED void Apply(const Block& block, const float* __restrict x,
                              const float* __restrict scale, const float* __restrict shift,
                              float* __restrict out) {
  for (int64_t pixel = 0; pixel < block.pixels; ++pixel, x += block.stride, out += block.stride) {
    for (int64_t i = 0; i < block.channels; ++i) out[i] = x[i] * scale[i] + shift[i];
  }
}

IMPRINT_VECTORIZED void ApplySilu(const Block& block, const float* __restrict x,
                                  const float* __restrict scale, const float* __restrict shift,
                                  float* __restrict out) {
  for (int64_t pixel = 0; pixel < block.pixels; ++pixel, x += block.stride, out += block.stride) {
    for (int64_t i = 0; i < block.channels; ++i) {
      const float z = x[i] * scale[i] + shift[i];
      out[i] = z * Sigmoid(z);
    }
  }
}

// The gradient before the activation: d silu(z) / dz = s (1 + z (1 - s)).
IMPRINT_VECTORIZED void SiluGradient(const Block& block, const float* __restrict x,
                                     const float* __restrict gradient,
                                     const float* __restrict scale, const float* __restrict shift,
                                     float* __restrict out) {
  for (int64_t pixel = 0; pixel < block.pixels; ++pixel) {
    for (int64_t i = 0; i < block.channels; ++i) {
      const float z = x[i] * scale[i] + shift[i];
      const float s = Sigmoid(z);
      out[i] = gradient[i] * s * (1.0F + z * (1.0F - s));
    }
    x += block.stride;
    gradient += block.stride;
    out += block.stride;
  }
}

// out <- scale gradient + slope x + offset; `out` may be `gradient`.
IMPRINT_VECTORIZED void Combine(const Block& block, const float* __restrict x,
                                const float* gradient, const float* __restrict scale,
                                const float* __restrict slope, const float* __restrict offset,
                                float* out) {
  for (int64_t pixel = 0; pixel < block.pixels; ++pixel) {
#pragma GCC ivdep
    for (int64_t i = 0; i < block.channels; ++i) {
      out[i] = gradient[i] * scale[i] + x[i] * slope[i] + offset[i];
    }
    x += block.stride;
    gradient += block.stride;
    out += block.stride;
  }
}

// Runs `add(first element, pixels, fp32 sums)` over stretches of pixels and gives the fp64 totals
// of `kSums` sums for each channel.
template <size_t kSums, typename Add>
std::array<std::vector<double>, kSums> SumOverPixels(const Block& block, Add&& add) {
  const auto channels = static_cast<size_t>(block.channels);
  std::array<std::vector<double>, kSums> totals;
  std::array<std::vector<float>, kSums> sums;
  totals.fill(std::vector<double>(channels, 0.0));
  sums.fill(std::vector<float>(channels));
  for (int64_t first = 0; first < block.pixels; first += kPixelsPerSum) {
    for (std::vector<float>& sum : sums) std::fill(sum.begin(), sum.end(), 0.0F);
    add(first * block.stride, std::min(kPixelsPerSum, block.pixels - first), sums);
    for (size_t k = 0; k < kSums; ++k) {
      for (size_t i = 0; i < channels; ++i) totals[k][i] += sums[k][i];
    }
  }
  return totals;
}

// Replaces each group's channels by the group's mean.
std::vector<float> GroupMeans(const Block& block, const std::vector<double>& channel_totals) {
  std::vector<float> means(block.channels);
  const double count = static_cast<double>(block.pixels * block.channels_per_group);
  for (int64_t first = 0; first < block.channels; first += block.channels_per_group) {
    double total = 0;
    for (int64_t i = first; i < first + block.channels_per_group; ++i) total += channel_totals[i];
    std::fill_n(means.begin() + first, block.channels_per_group, static_cast<float>(total / count));
  }
  return means;
}

// What normalises a block: each channel's mean and 1 / deviation of its group, and the affine map
// that both and the weights amount to.
struct Statistics {
  std::vector<float> mean;
  std::vector<float> inverse_deviation;
  std::vector<float> scale;
  std::vector<float> shift;
};

Statistics Measure(const Block& block, const float* x, const float* weight, const float* bias,
                   double epsilon) {
  Statistics result;
  const auto totals = SumOverPixels<1>(block, [&](int64_t at, int64_t pixels, auto& sums) {
    AddRows(block, pixels, x + at, sums[0].data());
  });
  result.mean = GroupMeans(block, totals[0]);
  const auto squares = SumOverPixels<1>(block, [&](int64_t at, int64_t pixels, auto& sums) {
    AddSquares(block, pixels, x + at, result.mean.data(), sums[0].data());
  });
  const std::vector<float> variances = GroupMeans(block, squares[0]);
  result.inverse_deviation.resize(block.channels);
  result.scale.resize(block.channels);
  result.shift.resize(block.channels);
  for (int64_t i = 0; i < block.channels; ++i) {
    result.inverse_deviation[i] = static_cast<float>(1.0 / std::sqrt(variances[i] + epsilon));
    result.scale[i] = result.inverse_deviation[i] * weight[i];
    result.shift[i] = bias[i] - result.mean[i] * result.scale[i];
  }
  return result;
}

void ForwardBlock(const Block& block, const float* x, const float* weight, const float* bias,
                  double epsilon, NormActivation activation, float* out) {
  const Statistics statistics = Measure(block, x, weight, bias, epsilon);
  const auto apply = activation == NormActivation::kSilu ? ApplySilu : Apply;
  apply(block, x, statistics.scale.data(), statistics.shift.data(), out);
}

// dx = scale dz - [mean(w dz) + xhat mean(w dz xhat)] / deviation, means over the group.
void BackwardBlock(const Block& block, const float* x, const float* gradient, const float* weight,
                   const float* bias, double epsilon, NormActivation activation, float* out) {
  const Statistics statistics = Measure(block, x, weight, bias, epsilon);
  const float* before_activation = gradient;
  if (activation == NormActivation::kSilu) {
    SiluGradient(block, x, gradient, statistics.scale.data(), statistics.shift.data(), out);
    before_activation = out;
  }
  auto totals = SumOverPixels<2>(block, [&](int64_t at, int64_t pixels, auto& sums) {
    AddGradients(block, pixels, x + at, before_activation + at, statistics.mean.data(),
                 sums[0].data(), sums[1].data());
  });
  for (int64_t i = 0; i < block.channels; ++i) {
    totals[0][i] *= weight[i];
    totals[1][i] *= weight[i];
  }
  const std::vector<float> mean_gradient = GroupMeans(block, totals[0]);
  const std::vector<float> mean_product = GroupMeans(block, totals[1]);
  std::vector<float> slope(block.channels);
  std::vector<float> offset(block.channels);
  for (int64_t i = 0; i < block.channels; ++i) {
    const float inverse = statistics.inverse_deviation[i];
    slope[i] = -inverse * inverse * inverse * mean_product[i];
    offset[i] = -inverse * mean_gradient[i] - slope[i] * statistics.mean[i];
  }
  Combine(block, x, before_activation, statistics.scale.data(), slope.data(), offset.data(), out);
}

// Cuts [n, c, h, w] into blocks, at least as many as there are threads where the groups allow it,
// and runs `work(block, first element, first channel)` on each.
template <typename Work>
void ForEachBlock(const at::Tensor& x, int64_t groups, Work&& work) {
  const int64_t samples = x.size(0);
  const int64_t channels = x.size(1);
  const int64_t pixels = x.size(2) * x.size(3);
  int64_t parts = std::clamp<int64_t>((at::get_num_threads() + samples - 1) / samples, 1, groups);
  while (groups % parts != 0) --parts;
  const Block block = {pixels, channels, channels / parts, channels / groups};
  at::parallel_for(0, samples * parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first_channel = i % parts * block.channels;
      work(block, i / parts * pixels * channels + first_channel, first_channel);
    }
  });
}

class NormalizeGroupsFunction : public torch::autograd::Function<NormalizeGroupsFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const GroupNormWeights& weights, NormActivation activation) {
    context->save_for_backward({x, weights.scale, weights.shift});
    context->saved_data["groups"] = weights.groups;
    context->saved_data["epsilon"] = weights.epsilon;
    context->saved_data["silu"] = activation == NormActivation::kSilu;
    return Compute(x, weights, activation);
  }

  static at::Tensor Compute(const at::Tensor& x, const GroupNormWeights& weights,
                            NormActivation activation) {
    at::Tensor out = at::empty_like(x);
    const auto* data = x.const_data_ptr<float>();
    const auto* scale = weights.scale.const_data_ptr<float>();
    const auto* shift = weights.shift.const_data_ptr<float>();
    auto* result = out.data_ptr<float>();
    ForEachBlock(x, weights.groups, [&](const Block& block, int64_t at, int64_t channel) {
      ForwardBlock(block, data + at, scale + channel, shift + channel, weights.epsilon, activation,
                   result + at);
    });
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const int64_t groups = context->saved_data["groups"].toInt();
    const double epsilon = context->saved_data["epsilon"].toDouble();
    const auto activation =
        context->saved_data["silu"].toBool() ? NormActivation::kSilu : NormActivation::kNone;
    at::Tensor out = at::empty_like(x);
    const auto* data = x.const_data_ptr<float>();
    const auto* scale = saved[1].const_data_ptr<float>();
    const auto* shift = saved[2].const_data_ptr<float>();
    const auto* incoming = gradient.const_data_ptr<float>();
    auto* result = out.data_ptr<float>();
    ForEachBlock(x, groups, [&](const Block& block, int64_t at, int64_t channel) {
      BackwardBlock(block, data + at, incoming + at, scale + channel, shift + channel, epsilon,
                    activation, result + at);
    });
    return {out, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor NormalizeGroups(const at::Tensor& x, const GroupNormWeights& weights,
                           NormActivation activation) {
  if (!x.is_cpu() || x.scalar_type() != at::kFloat || x.numel() == 0) {
    const at::Tensor normalized =
        at::group_norm(x, weights.groups, weights.scale, weights.shift, weights.epsilon);
    // LibTorch's kernel for GPUs gives it back in rows of channels.
    return (activation == NormActivation::kSilu ? at::silu(normalized) : normalized)
        .contiguous(at::MemoryFormat::ChannelsLast);
  }
  const at::Tensor channels_last = x.contiguous(at::MemoryFormat::ChannelsLast);
  if (at::GradMode::is_enabled() && x.requires_grad()) {
    return NormalizeGroupsFunction::apply(channels_last, weights, activation);
  }
  return NormalizeGroupsFunction::Compute(channels_last, weights, activation);
}

}  // namespace imprint::engine
