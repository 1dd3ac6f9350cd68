// What is to be drawn. Needs no LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"

#include "engine/model/base_model.h"
#include "engine/recipe/solver_choice.h"
#include "text/prompt_syntax.h"

namespace imprint {

// Longest prompt in bytes: some 400 tokens of English.
inline constexpr size_t kMaxPromptBytes = 2000;

struct PictureRequest {
  std::string prompt;
  std::string negative_prompt;
  uint64_t seed = 0;
  int width = 0;  // pixels
  int height = 0;
  int steps = 25;
  // BaseModelInfo has the model's own.
  SolverChoice solver;
  // DDIM's share of fresh noise in each step, 0 to 1; 0 with every other solver.
  double eta = 0;
  // Classifier-free guidance (Ho & Salimans 2022); 1 and less mean none.
  double guidance = 5.0;
  // How far guided outputs are brought back to the contrast of unguided ones, 0 to 1 (Lin et al.
  // 2023, "Common Diffusion Noise Schedules and Sample Steps Are Flawed", section 3.4).
  double guidance_rescale = 0;
  // Of prompt and negative prompt.
  PromptStyle prompt_style = PromptStyle::kEmphasis;
  // The text encoder's layer that the prompts' states are taken from, counted from the end, as
  // AUTOMATIC1111's web UI counts: 1 is the last of the layers that the model comes with, 2 the one
  // before it. Diffusers' clip_skip=1 is our 2, except that its negative prompt stays at the last.
  int clip_skip = 1;

  bool guided() const { return guidance > 1; }
};

// INVALID_ARGUMENT naming the first field that makes no sense for this model.
absl::Status CheckRequest(const BaseModelInfo& model, const PictureRequest& request);

}  // namespace imprint
