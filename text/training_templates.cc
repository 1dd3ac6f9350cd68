#include "text/training_templates.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "base/field_error.h"
#include "base/text_file.h"

namespace imprint {
namespace {

constexpr absl::string_view kPlace = "{}";

std::vector<std::string> ObjectTemplates() {
  return {
      "a photo of {}",
      "a photo of a {}",
      "a photo of the {}",
      "a photo of one {}",
      "a photo of my {}",
      "a picture of {}",
      "a picture of a {}",
      "a picture of the {}",
      "a close-up photo of a {}",
      "a close-up photo of the {}",
      "a cropped photo of a {}",
      "a cropped photo of the {}",
      "a bright photo of a {}",
      "a bright photo of the {}",
      "a dark photo of a {}",
      "a good photo of the {}",
      "a good photo of a {}",
      "a clear picture of the {}",
      "a photo of a nice {}",
      "a photo of the cool {}",
      "a photo of a small {}",
      "a photo of the large {}",
      "a rendering of a {}",
      "a rendition of the {}",
  };
}

std::vector<std::string> StyleTemplates() {
  return {
      "a painting in the style of {}",       "a picture in the style of {}",
      "a drawing in the style of {}",        "an illustration in the style of {}",
      "a rendering in the style of {}",      "a landscape in the style of {}",
      "a portrait in the style of {}",       "a still life in the style of {}",
      "a street scene in the style of {}",   "a bright painting in the style of {}",
      "a dark painting in the style of {}",  "a detailed picture in the style of {}",
      "a simple picture in the style of {}", "a close-up in the style of {}",
      "a large painting in the style of {}", "a small painting in the style of {}",
      "a nice picture in the style of {}",   "an image drawn in the style of {}",
  };
}

}  // namespace

absl::string_view Name(ConceptKind kind) { return kConceptKinds[static_cast<int>(kind)]; }

std::vector<std::string> DefaultTemplates(ConceptKind kind) {
  return kind == ConceptKind::kObject ? ObjectTemplates() : StyleTemplates();
}

bool HoldsThePlaceOnce(absl::string_view caption) {
  const size_t first = caption.find(kPlace);
  return first != absl::string_view::npos &&
         caption.find(kPlace, first + kPlace.size()) == absl::string_view::npos;
}

absl::StatusOr<std::vector<std::string>> ParseTemplates(absl::string_view text) {
  std::vector<std::string> templates;
  int line_number = 0;
  for (const absl::string_view line : SplitLines(WithoutByteOrderMark(text))) {
    ++line_number;
    const absl::string_view stripped = absl::StripAsciiWhitespace(line);
    if (stripped.empty() || absl::StartsWith(stripped, "#")) continue;
    if (!HoldsThePlaceOnce(stripped)) {
      return FieldError(absl::StrCat("templates: line ", line_number), Quoted(stripped),
                        "a caption with {} once, where the token goes");
    }
    templates.emplace_back(stripped);
  }
  if (templates.empty()) return FieldError("templates", "none", "at least one caption with {}");
  return templates;
}

std::string FillTemplate(absl::string_view caption_template, absl::string_view token) {
  return absl::StrReplaceAll(caption_template, {{kPlace, token}});
}

}  // namespace imprint
