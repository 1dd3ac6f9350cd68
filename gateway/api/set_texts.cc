#include "gateway/api/set_texts.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace imprint::gateway {

void SetTexts::ForEach(absl::FunctionRef<bool(const Text&)> use) const {
  if (plan_ == nullptr) {
    const PromptStyle style = spec_.prompt_style() == v1::PROMPT_STYLE_LITERAL
                                  ? PromptStyle::kLiteral
                                  : PromptStyle::kEmphasis;
    for (int i = 0; i < spec_.prompts_size(); ++i) {
      if (!use({[i] { return absl::StrCat("spec.prompts[", i, "]"); }, spec_.prompts(i), style})) {
        return;
      }
    }
    use({[] { return std::string("spec.negative_prompt"); }, spec_.negative_prompt(), style,
         /*is_negative=*/true});
    return;
  }
  constexpr int64_t kAskEvery = 256;
  int64_t seen = 0;
  const auto of_cell = [&](const std::vector<size_t>& cell, int64_t /*pictures*/) {
    if (is_gone_ && ++seen % kAskEvery == 0 && is_gone_()) return false;
    const PictureRequest request = plan_->RequestOf(cell);
    const auto field = [&](const std::string& place, const char* what) {
      return [&, what] { return absl::StrCat(place, ": ", what, " of ", plan_->KeyOf(cell, 1)); };
    };
    const sets::Plan& plan = plan_->plan();
    return use({field(plan.prompt_place, "prompt"), request.prompt, request.prompt_style}) &&
           use({field(plan.negative_prompt_place, "negative_prompt"), request.negative_prompt,
                request.prompt_style,
                /*is_negative=*/true});
  };
  plan_->ForEachCombination(plan_->AxesOfPrompts(), of_cell);
}

}  // namespace imprint::gateway
