#include "engine/model/vae_tiles.h"

#include <algorithm>
#include <vector>

namespace imprint::engine {
namespace {

// A rectangle, in latents.
struct Tile {
  int64_t top;
  int64_t left;
  int64_t height;
  int64_t width;

  // The part of `x` [..., h, w] under it, where `scale` of x's rows make one latent's.
  at::Tensor Of(const at::Tensor& x, int64_t scale) const {
    return x.narrow(-2, top * scale, height * scale).narrow(-1, left * scale, width * scale);
  }
};

// Where tiles begin along a side: a stride of three quarters, the last one flush with the end, so
// that all have the full size.
std::vector<int64_t> Starts(int64_t side, int64_t tile) {
  std::vector<int64_t> starts;
  const int64_t stride = std::max<int64_t>(tile * 3 / 4, 1);
  for (int64_t start = 0; start + tile < side; start += stride) starts.push_back(start);
  starts.push_back(std::max<int64_t>(side - tile, 0));
  return starts;
}

// A tile's weight along one side: next to nothing at the edge, where convolutions have seen zeros
// instead of the picture, then rising to 1 a quarter of the way in. It is never 0, since at the
// picture's own edges there is no other tile.
at::Tensor Ramp(int64_t length, const at::TensorOptions& options) {
  const auto side = static_cast<double>(length);
  const at::Tensor from_edge = at::arange(1, length + 1, options);
  const at::Tensor nearest = at::minimum(from_edge, from_edge.flip(0));
  return ((nearest - side / 16) / std::max(side / 4 - side / 16, 1.0)).clamp(1e-6, 1);
}

// Runs `work(tile)` [1, c, h * scale, w * scale] on the tiles of `height` x `width` latents and
// blends what it gives, in fp32.
template <typename Work>
at::Tensor Blend(int64_t height, int64_t width, int64_t side, int64_t scale, Work&& work) {
  at::Tensor sum;
  at::Tensor weights;
  at::Tensor weight;
  for (const int64_t top : Starts(height, side)) {
    for (const int64_t left : Starts(width, side)) {
      const Tile tile = {top, left, std::min(side, height), std::min(side, width)};
      const at::Tensor part = work(tile).to(at::kFloat);
      if (!sum.defined()) {
        sum = at::zeros({1, part.size(1), height * scale, width * scale}, part.options());
        weights = at::zeros({height * scale, width * scale}, part.options());
        weight = Ramp(part.size(2), part.options()).unsqueeze(1) *
                 Ramp(part.size(3), part.options()).unsqueeze(0);
      }
      tile.Of(sum, scale).add_(part * weight);
      tile.Of(weights, scale).add_(weight);
    }
  }
  return sum / weights;
}

}  // namespace

at::Tensor DecodeInTiles(const VaeDecoder& decoder, const at::Tensor& latents, int64_t side,
                         int64_t factor) {
  if (latents.size(2) <= side && latents.size(3) <= side) return decoder.Forward(latents);
  return Blend(latents.size(2), latents.size(3), side, factor,
               [&](const Tile& tile) { return decoder.Forward(tile.Of(latents, 1)); });
}

LatentDistribution EncodeInTiles(const VaeEncoder& encoder, const at::Tensor& pixels, int64_t side,
                                 int64_t factor) {
  const int64_t height = pixels.size(2) / factor;
  const int64_t width = pixels.size(3) / factor;
  if (height <= side && width <= side) return encoder.Forward(pixels);
  const at::Tensor both = Blend(height, width, side, 1, [&](const Tile& tile) {
    const LatentDistribution latents = encoder.Forward(tile.Of(pixels, factor));
    return at::cat({latents.mean, latents.deviation}, 1);
  });
  const std::vector<at::Tensor> parts = both.chunk(2, 1);
  return {parts[0].contiguous(), parts[1].contiguous()};
}

}  // namespace imprint::engine
