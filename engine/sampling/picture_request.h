// A picture that is to be drawn. Needs no LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"

#include "base/picture_size.h"
#include "base/rgb_image.h"
#include "engine/model/base_model.h"
#include "orders/solver_choice.h"
#include "orders/upscaling.h"
#include "text/prompt_syntax.h"

namespace imprint {

// The longest prompt in bytes: some 400 tokens of English.
inline constexpr size_t kMaxPromptBytes = 2000;

struct PictureRequest {
  std::string prompt;
  std::string negative_prompt;
  uint64_t seed = 0;
  int width = 0;  // pixels
  int height = 0;
  int steps = 25;
  // The model's own is in BaseModelInfo.
  SolverChoice solver;
  // DDIM's share of fresh noise in each step, 0 to 1; 0 with every other solver.
  double eta = 0;
  // Classifier-free guidance (Ho & Salimans 2022); 1 and less mean none.
  double guidance = 5.0;
  // How far guided outputs are brought back to the contrast of unguided ones, 0 to 1 (Lin et al.
  // 2023, "Common Diffusion Noise Schedules and Sample Steps Are Flawed", section 3.4).
  double guidance_rescale = 0;
  // How both prompts are read.
  PromptStyle prompt_style = PromptStyle::kEmphasis;
  // The text encoder's layer whose output the prompts' states are taken from, counted from the end,
  // as AUTOMATIC1111's web UI counts: 1 is the last of the layers that the model comes with, 2 the
  // one before it. Diffusers' clip_skip=1 is our 2, except that its negative prompt stays at the
  // last.
  int clip_skip = 1;
  // The picture to start from instead of from noise alone, width x height; may be null.
  std::shared_ptr<const RgbImage> source;
  // How far the result may depart from `source`: the share of the steps that are taken, above 0, at
  // most 1, as Diffusers counts.
  double strength = 0.8;
  // The enlargement by a second pass, which draws on the enlarged picture, 1 to 4 times as wide and
  // high: it adds detail at a size at which the model alone would repeat the subject. 1 means no
  // second pass.
  double upscale = 1;
  // `strength` of the second pass.
  double upscale_strength = kDefaultUpscaleStrength;

  bool guided() const { return guidance > 1; }
};

// Returns the size of the finished picture, after the second pass if there is one, whose sides are
// multiples of the model's size_multiple.
PictureSize FinalSize(const BaseModelInfo& model, const PictureRequest& request);

// Returns INVALID_ARGUMENT, naming width or height, for a size that the model cannot draw.
absl::Status CheckSize(const BaseModelInfo& model, const PictureSize& size);

// Returns the number of network evaluations, over both passes.
int SolverSteps(const PictureRequest& request);

// Returns INVALID_ARGUMENT naming the first field that makes no sense for this model, in a drawing
// that knows the tokens in `concepts`.
absl::Status CheckRequest(const BaseModelInfo& model, const WrittenTokens& concepts,
                          const PictureRequest& request);

}  // namespace imprint
