// AdamW (Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization") on a concept's vectors
// alone: no other weight of the model decays, because no other weight is a parameter.
#pragma once

#include <cstdint>

#include <ATen/ATen.h>

#include "orders/training_recipe.h"

namespace imprint::engine {

// The vectors and their moments, all [n, d] fp32; `step` is the number of updates done.
struct AdamWState {
  at::Tensor rows;
  at::Tensor first_moment;
  at::Tensor second_moment;
  int64_t step = 0;
};

AdamWState InitialState(const at::Tensor& rows);

// Performs one update in place, with the arithmetic of torch.optim.AdamW.
void AdamWStep(const TrainingRecipe& recipe, double learning_rate, const at::Tensor& gradient,
               AdamWState& state);

}  // namespace imprint::engine
