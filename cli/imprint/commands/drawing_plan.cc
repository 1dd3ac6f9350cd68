#include "cli/imprint/commands/drawing_plan.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/pictures/drawing_options.h"
#include "cli/pictures/prompt_tokens.h"

namespace imprint::cli {

std::vector<PlannedSet> PlanSets(const std::vector<std::string>& prompts,
                                 const std::vector<uint64_t>& seeds,
                                 const std::map<std::string, std::string>& class_words) {
  PlannedSet wanted{.prompts = prompts, .seeds = seeds};
  PlannedSet compared{.comparison = true};
  compared.seeds.assign(
      seeds.begin(), seeds.begin() + static_cast<int64_t>(std::min(seeds.size(), kComparedSeeds)));
  size_t number = 0;
  const auto add = [&number](PlannedSet& set, const std::string& prompt, size_t row) {
    for (const uint64_t seed : set.seeds) {
      ++number;
      set.items.push_back({.heading = set.comparison ? "" : prompt,
                           .caption = absl::StrCat("seed ", seed),
                           .number = number,
                           .file_stem = PictureFileName(number, prompt, seed),
                           .row = row});
    }
  };
  for (size_t row = 0; row < prompts.size(); ++row) {
    const std::string plain = WithClassWords(prompts[row], class_words);
    if (plain != prompts[row]) {
      compared.prompts.push_back(plain);
      add(compared, plain, row);
    }
    add(wanted, prompts[row], row);
  }
  std::vector<PlannedSet> sets = {std::move(wanted)};
  if (!compared.items.empty()) sets.push_back(std::move(compared));
  return sets;
}

PlaceOf PlacesIn(PlannedSet set) {
  return [set = std::move(set)](const v1::ItemRequest& item) -> absl::StatusOr<PlannedItem> {
    const int64_t index = item.index();
    if (index >= 0 && index < std::ssize(set.items)) return set.items[static_cast<size_t>(index)];
    return absl::InternalError(absl::StrCat("item ", index, " was not asked for"));
  };
}

}  // namespace imprint::cli
