// Steps from noise to picture along a solver's timesteps.
#pragma once

#include <memory>
#include <vector>

#include <ATen/ATen.h>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/noise_source.h"
#include "orders/solver_choice.h"

namespace imprint::engine {

// The shares of the clean latent and of the noise in a noisy one: signal * clean + deviation *
// noise.
struct NoiseLevel {
  double signal;
  double deviation;
};

// Steps one picture's latent, from its first timestep or a later one to the end, in order. Some
// solvers remember earlier outputs, so a Solver belongs to one slot. Not thread-safe.
class Solver {
 public:
  virtual ~Solver() = default;

  // Returns the timesteps in the order in which they are visited, first to last. Some solvers have
  // fractional ones.
  virtual const std::vector<double>& timesteps() const = 0;

  // Returns the noise level of the latent that step `index` takes, at which an existing picture is
  // joined in.
  virtual NoiseLevel LevelAt(int index) const = 0;

  // Returns the deviation of the pure noise that drawing starts from. Diffusers' Euler solvers take
  // a little more than their first level's.
  virtual double FirstDeviation() const { return 1; }

  // Returns the factor by which the latent is multiplied to become the network's input at step
  // `index`.
  virtual double InputScale(int /*index*/) const { return 1; }

  // Advances `latent` [4, h, w] fp32 by one step, given the model's output of the same shape at
  // timesteps()[index]. `noise` draws from the picture's own generator; a deterministic solver
  // never calls it.
  virtual at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                          NoiseSource& noise) = 0;
};

// Makes a solver with `steps` steps, 1 to MostSteps(choice, schedule.timesteps()), that keeps what
// it needs of the schedule. `eta` is DDIM's; the others have none.
std::unique_ptr<Solver> MakeSolver(const NoiseSchedule& schedule, const SolverChoice& choice,
                                   int steps, double eta = 0);

}  // namespace imprint::engine
