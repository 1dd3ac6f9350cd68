// How a picture is drawn: everything that changes the result, whoever asks for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "base/rgb_image.h"
#include "orders/field_table.h"
#include "orders/solver_choice.h"
#include "orders/upscaling.h"
#include "text/prompt_syntax.h"

namespace imprint {

// Longest prompt in bytes: some 400 tokens of English.
inline constexpr size_t kMaxPromptBytes = 2000;

// Most layers of a text encoder that is read from the end; a model has fewer.
inline constexpr int kMaxClipSkip = 128;

// A plain value. kPictureFields says what each option is; members without a row are described here.
struct PictureRequest {
  std::string prompt;
  std::string negative_prompt;
  uint64_t seed = 0;
  // Pixels; 0 is the model's own size, or the width.
  int width = 0;
  int height = 0;
  int steps = 25;
  SolverChoice solver;
  double eta = 0;
  // Classifier-free guidance (Ho & Salimans 2022); 1 and less mean none.
  double guidance = 5.0;
  // Lin et al. 2023, "Common Diffusion Noise Schedules and Sample Steps Are Flawed", section 3.4.
  double guidance_rescale = 0;
  PromptStyle prompt_style = PromptStyle::kEmphasis;
  // As AUTOMATIC1111's web UI counts: 1 is the last of the layers that the model comes with.
  int clip_skip = 1;
  // The picture that this one is drawn from, instead of from noise alone; width × height.
  std::shared_ptr<const RgbImage> source;
  // How far from `source` it may get: the share of the steps that are walked, above 0, at most 1,
  // as Diffusers counts.
  double strength = 0.8;
  double upscale = 1;
  double upscale_strength = kDefaultUpscaleStrength;

  bool guided() const { return guidance > 1; }
};

inline constexpr Field<PictureRequest> kPictureRows[] = {
    {.name = "width",
     .member = &PictureRequest::width,
     .range = {.least = 0, .most = kMaxPictureSide},
     .help = "Pixels; 0 is the model's own size; --size WIDTHxHEIGHT"},
    {.name = "height",
     .member = &PictureRequest::height,
     .range = {.least = 0, .most = kMaxPictureSide},
     .help = "Pixels; 0 is the width; --size WIDTHxHEIGHT"},
    {.name = "solver",
     .flag = "solver",
     .member = NamedMember<PictureRequest>{
         [](const PictureRequest& request) { return Name(request.solver); },
         [](absl::string_view field, absl::string_view name, PictureRequest& request) {
           const auto solver = ParseSolver(field, name);
           if (solver.ok()) request.solver = *solver;
           return solver.status();
         }},
     .expected = "ddim, ddpm, pndm, euler, euler_a, dpmpp_2m, dpmpp_2m_sde or unipc, some with "
                 "_karras, or another tool's name of it",
     .help = "How noise becomes a picture: ddim, ddpm, pndm, euler, euler_a, dpmpp_2m, "
             "dpmpp_2m_sde, unipc, some with _karras, or another tool's name of it; default: the "
             "model's own",
     .models_own = true},
    {.name = "steps",
     .flag = "steps",
     .member = &PictureRequest::steps,
     .range = {.least = 1, .most = kMaxSolverSteps},
     .help = "Steps of the solver"},
    {.name = "eta",
     .flag = "eta",
     .member = &PictureRequest::eta,
     .range = {.least = 0, .most = 1},
     .help = "Fresh noise in each step of ddim, 0 to 1"},
    {.name = "guidance",
     .flag = "guidance",
     .member = &PictureRequest::guidance,
     .range = {.least = 0, .most = 100},
     .help = "How strictly to follow the prompt (classifier-free guidance)"},
    {.name = "guidance_rescale",
     .flag = "guidance-rescale",
     .member = &PictureRequest::guidance_rescale,
     .range = {.least = 0, .most = 1},
     .help = "How far to bring guided pictures back to the contrast of unguided ones, 0 to 1"},
    {.name = "negative_prompt",
     .flag = "negative",
     .member = &PictureRequest::negative_prompt,
     .expected = "a text of at most 2000 bytes",
     .help = "What to keep out"},
    {.name = "prompt_style",
     .flag = "prompt-style",
     .member = ChoiceOf<&PictureRequest::prompt_style>::Named(kPromptStyles),
     .help =
         "How prompts are read. emphasis: (word:1.2) and [word] weigh words, BREAK starts a new "
         "chunk; literal: all is text"},
    {.name = "clip_skip",
     .flag = "clip-skip",
     .member = &PictureRequest::clip_skip,
     .range = {.least = 1, .most = kMaxClipSkip},
     .expected = "a whole number from 1 to the text encoder's layers",
     .help = "Layer of the text encoder to take, from the end; 2 is Diffusers' clip_skip=1, where "
             "it can run that: not 0.42 with transformers 5.6 or later"},
    {.name = "upscale",
     .flag = "upscale",
     .member = &PictureRequest::upscale,
     .range = {.least = 1, .most = kMaxUpscale},
     .help =
         "Draw each picture once more, enlarged so many times, 1 to 4: more pixels with detail"},
    {.name = "upscale_strength",
     .flag = "upscale-strength",
     .member = &PictureRequest::upscale_strength,
     .range = {.least = 0, .most = 1, .above_least = true},
     .help = "Share of steps that this second pass walks: how far it may depart from the first"},
};
inline constexpr FieldTable<PictureRequest> kPictureFields = kPictureRows;

}  // namespace imprint
