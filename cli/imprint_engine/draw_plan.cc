#include "cli/imprint_engine/draw_plan.h"

#include <algorithm>
#include <utility>

#include "cli/pictures/drawing_options.h"
#include "cli/pictures/prompt_tokens.h"

#include "base/status_macros.h"

namespace imprint::cli {

absl::StatusOr<std::vector<PlannedPicture>> PlanPictures(
    const std::vector<std::string>& prompts, const std::vector<uint64_t>& seeds,
    const PictureRequest& defaults, const std::map<std::string, std::string>& class_words) {
  RETURN_IF_ERROR(CheckPictureCount(prompts.size(), seeds.size()));
  std::vector<PlannedPicture> plan;
  const auto add = [&](const std::string& prompt, uint64_t seed, size_t row, bool comparison) {
    PlannedPicture picture{.request = defaults, .row = row, .comparison = comparison};
    picture.request.prompt = prompt;
    picture.request.seed = seed;
    picture.name = PictureFileName(plan.size() + 1, prompt, seed);
    plan.push_back(std::move(picture));
  };
  for (size_t row = 0; row < prompts.size(); ++row) {
    const std::string plain = WithClassWords(prompts[row], class_words);
    for (size_t i = 0; plain != prompts[row] && i < std::min(seeds.size(), kComparedSeeds); ++i) {
      add(plain, seeds[i], row, /*comparison=*/true);
    }
    for (const uint64_t seed : seeds) add(prompts[row], seed, row, /*comparison=*/false);
  }
  return plan;
}

}  // namespace imprint::cli
