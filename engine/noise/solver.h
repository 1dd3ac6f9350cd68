// From noise to picture along a solver's timesteps.
#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "engine/noise/noise_source.h"

namespace imprint {

// Steps one picture's latent. Not thread-safe: a Solver belongs to one slot.
class Solver {
 public:
  virtual ~Solver() = default;

  // Timesteps in the order they are visited, first to last; at least as many as steps asked for.
  virtual const std::vector<double>& timesteps() const = 0;

  // Advances `latent` [4, h, w] fp32 by one step, given the model's output of the same shape at
  // timesteps()[index]. `noise` draws from the picture's own generator; a deterministic solver
  // never calls it.
  virtual at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                          NoiseSource& noise) = 0;
};

}  // namespace imprint
