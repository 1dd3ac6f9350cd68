#include "engine/noise/noise_source.h"

#include <ATen/CPUGeneratorImpl.h>

namespace imprint::engine {

NoiseSource::NoiseSource(uint64_t seed) : generator_(at::detail::createCPUGenerator(seed)) {}

at::Tensor NoiseSource::Draw(at::IntArrayRef shape) {
  return at::randn(shape, generator_, at::device(at::kCPU).dtype(at::kFloat));
}

}  // namespace imprint::engine
