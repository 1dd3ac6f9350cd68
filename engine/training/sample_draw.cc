#include "engine/training/sample_draw.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include <ATen/core/PhiloxRNGEngine.h>

namespace imprint::engine {
namespace {

// Independent streams of one seed.
constexpr uint64_t kSampleStream = 0;
constexpr uint64_t kShuffleStream = uint64_t{1} << 62;
constexpr uint64_t kStrataStream = uint64_t{2} << 62;
// Leaves room for 2^20 samples in each step's stretch of streams.
constexpr int kSampleBits = 20;

class Stream {
 public:
  Stream(uint64_t seed, uint64_t stream) : philox_(seed, stream) {}

  // Below 2^32, so the bias is below n / 2^32.
  int64_t Below(int64_t n) {
    return static_cast<int64_t>((static_cast<uint64_t>(philox_()) * static_cast<uint64_t>(n)) >>
                                32);
  }

  double Uniform() { return philox_() * 0x1p-32; }  // [0, 1)

  // Fisher & Yates.
  std::vector<int64_t> Permutation(int64_t n) {
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    for (int64_t i = n - 1; i > 0; --i) std::swap(order[i], order[Below(i + 1)]);
    return order;
  }

  // Box & Muller 1958.
  at::Tensor Normal(at::IntArrayRef shape) {
    at::Tensor tensor = at::empty(shape, at::kFloat);
    auto* values = tensor.data_ptr<float>();
    for (int64_t i = 0; i < tensor.numel(); i += 2) {
      const double radius = std::sqrt(-2.0 * std::log((philox_() + 1.0) * 0x1p-32));
      const double angle = 2.0 * std::numbers::pi * Uniform();
      values[i] = static_cast<float>(radius * std::cos(angle));
      if (i + 1 < tensor.numel()) values[i + 1] = static_cast<float>(radius * std::sin(angle));
    }
    return tensor;
  }

 private:
  at::Philox4_32 philox_;
};

// Every picture once, in a new order, then again.
int64_t DrawPicture(const DrawSpace& space, int64_t step, int64_t sample) {
  const int64_t count = step * space.samples_per_step + sample;
  const int64_t round = count / space.pictures;
  Stream shuffle(space.seed, kShuffleStream | static_cast<uint64_t>(round));
  return shuffle.Permutation(space.pictures)[count % space.pictures];
}

// The timesteps are cut into as many equal strata as a step has samples, one for each in random
// order: a gradient always sees little and much noise.
int64_t DrawStratum(const DrawSpace& space, int64_t step, int64_t sample) {
  Stream strata(space.seed, kStrataStream | static_cast<uint64_t>(step));
  return strata.Permutation(space.samples_per_step)[sample];
}

}  // namespace

SampleDraw DrawSample(const DrawSpace& space, int64_t step, int64_t sample,
                      at::IntArrayRef latent_shape) {
  Stream stream(space.seed, kSampleStream | (static_cast<uint64_t>(step) << kSampleBits) |
                                static_cast<uint64_t>(sample));
  SampleDraw draw;
  draw.picture = DrawPicture(space, step, sample);
  draw.flipped = stream.Below(2) == 1 && space.flip;
  draw.caption = stream.Below(space.templates);
  const double place = (static_cast<double>(DrawStratum(space, step, sample)) + stream.Uniform()) /
                       static_cast<double>(space.samples_per_step);
  draw.timestep = std::min(static_cast<int64_t>(place * static_cast<double>(space.timesteps)),
                           space.timesteps - 1);
  draw.latent_noise = stream.Normal(latent_shape);
  draw.noise = stream.Normal(latent_shape);
  return draw;
}

}  // namespace imprint::engine
