#include "engine/kernels/frozen_convolution.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

namespace imprint::engine {
namespace {

// From here on reordering costs more than copying surroundings: measured on AVX2 with maps from
// 4 x 4 to 64 x 64 (docs/benchmarks.md).
constexpr int64_t kLargeWeights = 4'000'000;
// Surroundings are copied a stretch of pixels at a time, so that memory stays bounded.
constexpr int64_t kColumnBytes = 64 << 20;

struct Window {
  int64_t kernel;
  int64_t stride;
  int64_t padding;

  int64_t Out(int64_t side) const { return (side + 2 * padding - kernel) / stride + 1; }
};

// Pixels `first` to `last` of the output, counted over all samples: row i has the kernel x kernel
// pixels of x [n, h, w, c] under the window, zeros beyond the edges.
void CopySurroundings(const at::Tensor& x, const Window& window, int64_t first, int64_t last,
                      std::byte* rows) {
  const int64_t height = x.size(1);
  const int64_t width = x.size(2);
  const int64_t out_width = window.Out(width);
  const int64_t out_pixels = window.Out(height) * out_width;
  const auto pixel_bytes = x.size(3) * static_cast<int64_t>(x.element_size());
  const int64_t run_bytes = window.kernel * pixel_bytes;
  const auto* pixels = static_cast<const std::byte*>(x.const_data_ptr());
  at::parallel_for(first, last, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::byte* row = rows + (i - first) * window.kernel * run_bytes;
      const int64_t top = i % out_pixels / out_width * window.stride - window.padding;
      const int64_t left = i % out_width * window.stride - window.padding;
      // The part of a run of `kernel` pixels that lies within the picture.
      const int64_t from = std::max<int64_t>(-left, 0);
      const int64_t to = std::min(window.kernel, width - left);
      for (int64_t y = top; y < top + window.kernel; ++y, row += run_bytes) {
        if (y < 0 || y >= height || from >= to) {
          std::memset(row, 0, static_cast<size_t>(run_bytes));
          continue;
        }
        const int64_t start = (i / out_pixels * height + y) * width + left + from;
        std::memset(row, 0, static_cast<size_t>(from * pixel_bytes));
        std::memcpy(row + from * pixel_bytes, pixels + start * pixel_bytes,
                    static_cast<size_t>((to - from) * pixel_bytes));
        std::memset(row + to * pixel_bytes, 0,
                    static_cast<size_t>((window.kernel - to) * pixel_bytes));
      }
    }
  });
}

// x [n, c, h, w] convolved by a map [out, k * k * c] of surroundings.
at::Tensor ConvolveRows(const at::Tensor& x, const Window& window, const at::Tensor& map,
                        const at::Tensor& bias) {
  const at::Tensor pixels = x.permute({0, 2, 3, 1}).contiguous();
  const int64_t height = window.Out(x.size(2));
  const int64_t width = window.Out(x.size(3));
  const int64_t total = x.size(0) * height * width;
  TORCH_CHECK(height > 0 && width > 0, "a map of ", x.size(2), "x", x.size(3),
              " is smaller than its window");
  const int64_t row_length = window.kernel * window.kernel * x.size(1);
  const auto row_bytes = row_length * static_cast<int64_t>(x.element_size());
  const int64_t stretch = std::clamp<int64_t>(kColumnBytes / row_bytes, 1, total);
  const at::Tensor rows = at::empty({stretch, row_length}, x.options());
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < total; first += stretch) {
    const int64_t last = std::min(first + stretch, total);
    CopySurroundings(pixels, window, first, last, static_cast<std::byte*>(rows.mutable_data_ptr()));
    parts.push_back(at::linear(rows.narrow(0, 0, last - first), map, bias));
  }
  const at::Tensor out = parts.size() == 1 ? parts[0] : at::cat(parts);
  return out.view({x.size(0), height, width, -1}).permute({0, 3, 1, 2});
}

// [out, in, k, k] as the map of surroundings that ConvolveRows takes.
at::Tensor AsMap(const at::Tensor& weight) { return weight.permute({0, 2, 3, 1}).flatten(1); }

}  // namespace

struct FrozenConvolution::State {
  at::Tensor weight;  // of LibTorch's convolution, or
  at::Tensor map;     // of surroundings
  at::Tensor bias;
  Window window;
  std::once_flag backward_once;
  at::Tensor backward_weight;  // of LibTorch's convolution, or
  at::Tensor backward_map;     // of surroundings

  at::Tensor Forward(const at::Tensor& x) const {
    return map.defined() ? ConvolveRows(x, window, map, bias)
                         : at::conv2d(x, weight, bias, window.stride, window.padding);
  }

  at::Tensor Backward(const at::Tensor& gradient, at::IntArrayRef sizes) {
    if (!map.defined()) return LibTorchBackward(gradient, sizes, weight);
    PrepareMapsBackward();
    if (!backward_map.defined()) return LibTorchBackward(gradient, sizes, backward_weight);
    const int64_t padding = window.kernel - 1 - window.padding;
    return ConvolveRows(gradient, {window.kernel, 1, padding}, backward_map, {});
  }

  // A window that takes every pixel in turn comes back as one with the weights turned around.
  void PrepareMapsBackward() {
    const int64_t kernel = window.kernel;
    std::call_once(backward_once, [&] {
      // Whoever comes first may be in inference mode; what others compute with must not be.
      const c10::InferenceMode tensors_of_the_usual_kind(false);
      const at::Tensor plain = map.unflatten(1, {kernel, kernel, -1}).permute({0, 3, 1, 2});
      if (window.stride == 1) {
        backward_map = AsMap(plain.flip({2, 3}).transpose(0, 1)).contiguous();
      } else {
        backward_weight = plain.contiguous(at::MemoryFormat::ChannelsLast);
      }
    });
  }

  at::Tensor LibTorchBackward(const at::Tensor& gradient, at::IntArrayRef sizes,
                              const at::Tensor& of_weight) const {
    const at::Tensor like_x = at::empty(sizes, gradient.options(), at::MemoryFormat::ChannelsLast);
    return std::get<0>(at::convolution_backward(
        gradient, like_x, of_weight, at::OptionalIntArrayRef(), {window.stride, window.stride},
        {window.padding, window.padding}, {1, 1}, false, {0, 0}, 1, {true, false, false}));
  }
};

// How autograd comes back: weights are frozen, so that only x has a gradient, and nothing of the
// way there needs to be kept.
class FrozenConvolution::Return final : public torch::autograd::Node {
 public:
  Return(std::shared_ptr<State> state, const at::Tensor& x)
      : state_(std::move(state)), sizes_(x.sizes().vec()) {
    set_next_edges(torch::autograd::collect_next_edges(x));
  }

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    if (!gradients[0].defined()) return {at::Tensor()};
    return {state_->Backward(gradients[0], sizes_)};
  }

 private:
  std::shared_ptr<State> state_;
  std::vector<int64_t> sizes_;
};

FrozenConvolution::FrozenConvolution(const at::Tensor& weight, const at::Tensor& bias,
                                     int64_t stride, int64_t padding)
    : state_(std::make_shared<State>()) {
  state_->bias = bias;
  state_->window = {weight.size(2), stride, padding};
  if (weight.is_cpu() && weight.numel() >= kLargeWeights) {
    state_->map = AsMap(weight).contiguous();
  } else {
    state_->weight = weight.contiguous(at::MemoryFormat::ChannelsLast);
  }
}

at::Tensor FrozenConvolution::operator()(const at::Tensor& x) const {
  const bool differentiable = at::GradMode::is_enabled() && x.requires_grad();
  at::Tensor out;
  {
    const c10::NoGradGuard no_autograd;
    out = state_->Forward(x);
  }
  if (differentiable) {
    // LibTorch's own way: its nodes need its deleter.
    const std::shared_ptr<torch::autograd::Node> node(new Return(state_, x),
                                                      torch::autograd::deleteNode);
    torch::autograd::set_history(out, node);
  }
  return out;
}

}  // namespace imprint::engine
