// A picture's own randomness.
#pragma once

#include <cstdint>

#include <ATen/ATen.h>

namespace imprint::engine {

// Draws Gaussian noise from a CPU generator (MT19937), as Diffusers does with
// torch.Generator("cpu").manual_seed(seed): the same picture on every device and in every batch.
// Not thread-safe.
class NoiseSource {
 public:
  explicit NoiseSource(uint64_t seed);

  // Draws a tensor of that shape, fp32 on the CPU.
  at::Tensor Draw(at::IntArrayRef shape);

 private:
  at::Generator generator_;
};

}  // namespace imprint::engine
