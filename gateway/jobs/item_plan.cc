#include "gateway/jobs/item_plan.h"

namespace imprint::gateway {

int64_t ItemCount(const v1::ImageSetSpec& spec) {
  return int64_t{spec.prompts_size()} * spec.seeds_size();
}

double ItemWork(const v1::ImageSetSpec& spec) {
  constexpr double kUnit = 512.0 * 512.0;
  // With guidance each step looks at the prompt and at none.
  const double evaluations = spec.guidance() == 1 ? spec.steps() : 2.0 * spec.steps();
  double work = evaluations * spec.width() * spec.height() / kUnit;
  if (spec.upscale() > 1) {
    work += evaluations * spec.upscale_strength() * spec.picture_width() * spec.picture_height() /
            kUnit;
  }
  return work;
}

}  // namespace imprint::gateway
