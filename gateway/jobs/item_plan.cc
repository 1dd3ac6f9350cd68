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

v1::ItemRequest ItemOf(const v1::ImageSetSpec& spec, int64_t index) {
  v1::ItemRequest item;
  item.set_index(index);
  item.set_prompt(spec.prompts(static_cast<int>(index / spec.seeds_size())));
  item.set_seed(spec.seeds(static_cast<int>(index % spec.seeds_size())));
  item.set_negative_prompt(spec.negative_prompt());
  item.set_width(spec.width());
  item.set_height(spec.height());
  item.set_steps(spec.steps());
  item.set_guidance(spec.guidance());
  item.set_solver(spec.solver());
  item.set_eta(spec.eta());
  item.set_guidance_rescale(spec.guidance_rescale());
  item.set_prompt_style(spec.prompt_style());
  item.set_clip_skip(spec.clip_skip());
  if (spec.upscale() > 1) {
    item.set_upscale(spec.upscale());
    item.set_upscale_strength(spec.upscale_strength());
    item.set_picture_width(spec.picture_width());
    item.set_picture_height(spec.picture_height());
  }
  item.set_precision(spec.precision());
  return item;
}

}  // namespace imprint::gateway
