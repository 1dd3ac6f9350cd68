// The methods that lead from noise to a picture, under the names that Diffusers and AUTOMATIC1111
// know them by. Needs no LibTorch: whoever admits an order reads names.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Most steps of a picture, whatever the model's schedule allows.
inline constexpr int kMaxSolverSteps = 1000;

enum class SolverMethod {
  kDdim,
  kDdpm,
  kPndm,
  kEuler,
  kEulerAncestral,
  kDpmpp2m,
  kDpmpp2mSde,
  kUniPc
};

// A plain value.
struct SolverChoice {
  SolverMethod method = SolverMethod::kDdim;
  // Whether the noise levels are spaced as in Karras et al. 2022, "Elucidating the Design Space of
  // Diffusion-Based Generative Models", equation 5. Euler, DPM++ and UniPC have this option.
  bool karras = false;

  bool operator==(const SolverChoice&) const = default;
};

// Returns "ddim", "dpmpp_2m_karras", ...: what ParseSolver reads, and what records keep.
std::string Name(const SolverChoice& choice);

// Returns every such name.
std::vector<std::string> SolverNames();

// Parses a choice by its own name, by Diffusers' class ("DPMSolverMultistepScheduler") or by
// AUTOMATIC1111's label ("DPM++ 2M Karras", "Euler a"); case, spaces, "-" and "_" do not matter.
// INVALID_ARGUMENT, naming `field`, with the names that there are.
absl::StatusOr<SolverChoice> ParseSolver(absl::string_view field, absl::string_view name);

// Returns whether the method supports noise levels of that spacing.
bool HasKarras(SolverMethod method);

// Returns how often a picture of `steps` steps evaluates the network: PNDM does so once more than
// that.
int Evaluations(const SolverChoice& choice, int steps);

// Returns the first of the evaluations that a picture needs when it starts from a clean one, where
// `strength`, 0 to 1, of `steps` steps are taken: as Diffusers' image-to-image pipelines count, and
// past PNDM's repetition of its second timestep.
int FirstEvaluation(const SolverChoice& choice, int steps, double strength);

// Returns the most steps on a schedule of `timesteps`: DPM++ and UniPC divide by the distance of
// two levels, and with more steps there would be equal ones.
int MostSteps(const SolverChoice& choice, int timesteps);

// Returns INVALID_ARGUMENT naming `steps` unless they are 1 to MostSteps, or `eta` unless it is 0,
// or with DDIM, which draws fresh noise on the way where it is above 0 (Song et al. 2021, equation
// 16), at most 1.
absl::Status CheckSolving(const SolverChoice& choice, int steps, int timesteps, double eta);

}  // namespace imprint
