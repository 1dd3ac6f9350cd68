#include "sets/prompt_check.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "text/prompt_syntax.h"
#include "text/written_tokens.h"

namespace imprint::sets {

absl::Status CheckPrompts(const Expansion& expansion) {
  const WrittenTokens no_tokens;
  const std::string& place = expansion.plan().prompt_place;
  absl::Status wrong;
  expansion.ForEachCombination(expansion.AxesOfPrompts(), [&](const auto& cell, int64_t) {
    const PictureRequest request = expansion.RequestOf(cell);
    for (const auto& [field, text] : {std::pair("prompt", &request.prompt),
                                      std::pair("negative_prompt", &request.negative_prompt)}) {
      const absl::Status read = ParsePrompt(*text, request.prompt_style, no_tokens).status();
      if (read.ok()) continue;
      wrong = InContext(absl::StrCat(place, ": ", field, " of ", expansion.KeyOf(cell, 1)), read);
      return false;
    }
    return true;
  });
  return wrong;
}

}  // namespace imprint::sets
