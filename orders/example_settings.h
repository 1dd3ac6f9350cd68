// Settings for tests, none of whose rows has its default.
#pragma once

#include "orders/training_settings.h"

namespace imprint {

inline TrainingSettings ExampleSettings() {
  return {.token = "<mia>",
          .class_word = "girl",
          .kind = ConceptKind::kStyle,
          .templates = {"a {}", "the {}"},
          .size = 512,
          .fit = SquareFit::kSquash,
          .checkpoint_every = 3,
          .recipe = {.steps = 7}};
}

}  // namespace imprint
