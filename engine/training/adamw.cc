#include "engine/training/adamw.h"

#include <cmath>

namespace imprint::engine {

AdamWState InitialState(const at::Tensor& rows) {
  return {.rows = rows.clone(),
          .first_moment = at::zeros_like(rows),
          .second_moment = at::zeros_like(rows)};
}

void AdamWStep(const TrainingRecipe& recipe, double learning_rate, const at::Tensor& gradient,
               AdamWState& state) {
  ++state.step;
  const auto t = static_cast<double>(state.step);
  const double correction1 = 1 - std::pow(recipe.beta1, t);
  const double correction2 = 1 - std::pow(recipe.beta2, t);
  state.rows.mul_(1 - learning_rate * recipe.weight_decay);
  state.first_moment.lerp_(gradient, 1 - recipe.beta1);
  state.second_moment.mul_(recipe.beta2).addcmul_(gradient, gradient, 1 - recipe.beta2);
  const at::Tensor scale =
      (state.second_moment.sqrt() / std::sqrt(correction2)).add_(recipe.epsilon);
  state.rows.addcdiv_(state.first_moment, scale, -learning_rate / correction1);
}

}  // namespace imprint::engine
