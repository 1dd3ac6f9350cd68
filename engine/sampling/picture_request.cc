#include "engine/sampling/picture_request.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "orders/upscaling.h"
#include "text/unicode_text.h"

namespace imprint::engine {
namespace {

absl::Status CheckPrompt(absl::string_view field, absl::string_view prompt) {
  if (prompt.size() > kMaxPromptBytes) {
    return FieldError(field, Quoted(prompt), absl::StrCat("at most ", kMaxPromptBytes, " bytes"));
  }
  if (!IsUtf8(prompt)) return FieldError(field, Quoted(prompt), "UTF-8");
  return absl::OkStatus();
}

absl::Status CheckSide(absl::string_view field, int side, int multiple) {
  if (side >= multiple && side <= kMaxPictureSide && side % multiple == 0) return absl::OkStatus();
  return FieldError(field, absl::StrCat(side),
                    absl::StrCat("a multiple of ", multiple, ", at most ", kMaxPictureSide));
}

absl::Status CheckSource(const PictureRequest& request) {
  if (request.source == nullptr) return absl::OkStatus();
  const auto& [width, height, pixels] = *request.source;
  if (width != request.width || height != request.height) {
    return FieldError("source", absl::StrCat(width, "x", height),
                      absl::StrCat("a picture of ", request.width, "x", request.height));
  }
  return CheckStrength("strength", request.solver, request.steps, request.strength);
}

}  // namespace

PictureSize FinalSize(const BaseModelInfo& model, const PictureRequest& request) {
  return Enlarged({request.width, request.height}, request.upscale, model.size_multiple);
}

int SolverSteps(const PictureRequest& request) {
  const auto walked = [&](double strength) {
    return Evaluations(request.solver, request.steps) -
           FirstEvaluation(request.solver, request.steps, strength);
  };
  return walked(request.source == nullptr ? 1 : request.strength) +
         (request.upscale == 1 ? 0 : walked(request.upscale_strength));
}

absl::Status CheckSize(const BaseModelInfo& model, const PictureSize& size) {
  RETURN_IF_ERROR(CheckSide("width", size.width, model.size_multiple));
  return CheckSide("height", size.height, model.size_multiple);
}

absl::Status CheckRequest(const BaseModelInfo& model, const PictureRequest& request) {
  RETURN_IF_ERROR(CheckPrompt("prompt", request.prompt));
  if (absl::StripAsciiWhitespace(request.prompt).empty()) {
    return FieldError("prompt", Quoted(request.prompt), "words, such as \"<mia> in the snow\"");
  }
  RETURN_IF_ERROR(CheckPrompt("negative_prompt", request.negative_prompt));
  RETURN_IF_ERROR(CheckSize(model, {request.width, request.height}));
  RETURN_IF_ERROR(
      CheckSolving(request.solver, request.steps, model.training_timesteps, request.eta));
  if (request.clip_skip < 1 || request.clip_skip > model.text_layers) {
    return FieldError("clip_skip", absl::StrCat(request.clip_skip),
                      absl::StrCat("a whole number from 1 to ", model.text_layers,
                                   ", the text encoder's layers"));
  }
  RETURN_IF_ERROR(CheckSource(request));
  RETURN_IF_ERROR(CheckUpscaling({request.width, request.height}, model.size_multiple,
                                 request.solver, request.steps, request.upscale,
                                 request.upscale_strength));
  return CheckFields(kPictureFields, request);
}

absl::Status CheckSyntax(const WrittenTokens& concepts, const PictureRequest& request) {
  const auto check = [&](absl::string_view field, absl::string_view prompt) {
    return InContext(field, ParsePrompt(prompt, request.prompt_style, concepts).status());
  };
  RETURN_IF_ERROR(check("prompt", request.prompt));
  return check("negative_prompt", request.negative_prompt);
}

}  // namespace imprint::engine
