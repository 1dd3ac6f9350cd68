#include "engine/training/input_check.h"

#include <cstddef>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "text/training_templates.h"
#include "text/unicode_text.h"

namespace imprint::engine {
namespace {

absl::Status CheckPictures(const BaseModelInfo& model, const std::vector<RgbImage>& pictures) {
  if (pictures.empty()) return FieldError("pictures", "none", "at least one, better 3 to 5");
  for (size_t i = 0; i < pictures.size(); ++i) {
    const RgbImage& picture = pictures[i];
    if (picture.width != pictures[0].width || picture.height != pictures[0].height ||
        picture.width <= 0 || picture.width % model.size_multiple != 0 || picture.height <= 0 ||
        picture.height % model.size_multiple != 0) {
      return FieldError(
          absl::StrCat("pictures: ", i + 1), absl::StrCat(picture.width, "×", picture.height),
          absl::StrCat("all of one size whose sides are multiples of ", model.size_multiple));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckInput(const BaseModel& model, const TrainingInput& input) {
  RETURN_IF_ERROR(CheckRecipe(input.recipe));
  RETURN_IF_ERROR(CheckPictures(model.info(), input.pictures));
  for (const auto& [field, text] :
       {std::pair("class_word", absl::string_view(input.class_word)), {"token", input.token}}) {
    if (!IsUtf8(text)) return FieldError(field, "bytes that are no UTF-8", "text in UTF-8");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TokenizedPrompt>> TokenizeCaptions(const BaseModel& model,
                                                              const TrainingInput& input) {
  ConceptVocabulary concepts;
  RETURN_IF_ERROR(concepts.Add(input.token, input.recipe.vectors, model.tokenizer()));
  if (input.templates.empty()) return FieldError("templates", "none", "at least one");
  std::vector<TokenizedPrompt> captions;
  for (const std::string& caption_template : input.templates) {
    if (!IsUtf8(caption_template)) {
      return FieldError("templates", "bytes that are no UTF-8", "text in UTF-8");
    }
    const std::string caption = FillTemplate(caption_template, input.token);
    captions.push_back(model.tokenizer().Encode(caption, concepts));
    if (captions.back().concept_places.size() != static_cast<size_t>(input.recipe.vectors)) {
      return FieldError("templates", Quoted(caption_template),
                        absl::StrCat("{} once, apart from other letters, within the first ",
                                     model.info().prompt_tokens - 2, " tokens"));
    }
  }
  return captions;
}

std::map<std::string, std::string> DescribeRun(const BaseModel& model, const TrainingInput& input) {
  Sha256 pictures;
  for (const RgbImage& picture : input.pictures) {
    pictures.Update(absl::StrCat(picture.width, "x", picture.height, "\n"));
    pictures.Update(std::as_bytes(std::span(picture.pixels)));
  }
  std::map<std::string, std::string> run = {
      {"base_model", model.info().fingerprint},
      {"text_encoder", model.info().text_encoder_identity},
      {"token", input.token},
      {"class_word", input.class_word},
      {"pictures", pictures.HexDigest()},
      {"templates", Sha256Hex(absl::StrJoin(input.templates, "\n"))},
  };
  const nlohmann::json recipe = ToJson(input.recipe);
  for (const auto& [field, value] : recipe.items()) {
    run[absl::StrCat("recipe.", field)] = value.dump();
  }
  return run;
}

}  // namespace imprint::engine
