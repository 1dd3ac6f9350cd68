#include "sets/prompt_check.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "text/prompt_syntax.h"
#include "text/written_tokens.h"

namespace imprint::sets {

absl::Status CheckPrompts(const Expansion& expansion) {
  const WrittenTokens no_tokens;
  const Plan& plan = expansion.plan();
  absl::Status wrong;
  expansion.ForEachCombination(expansion.AxesOfPrompts(), [&](const auto& cell, int64_t) {
    const PictureRequest request = expansion.RequestOf(cell);
    const auto read = [&](const std::string& place, absl::string_view field,
                          const std::string& text) {
      const absl::Status parsed = ParsePrompt(text, request.prompt_style, no_tokens).status();
      if (parsed.ok()) return true;
      wrong = InContext(absl::StrCat(place, ": ", field, " of ", expansion.KeyOf(cell, 1)), parsed);
      return false;
    };
    return read(plan.prompt_place, "prompt", request.prompt) &&
           read(plan.negative_prompt_place, "negative_prompt", request.negative_prompt);
  });
  return wrong;
}

}  // namespace imprint::sets
