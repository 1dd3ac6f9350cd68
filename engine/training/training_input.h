// What a training is given. This header needs no LibTorch: services and tools include it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/rgb_image.h"
#include "orders/training_settings.h"

namespace imprint::engine {

struct TrainingInput {
  std::string token;
  // The word for the kind of thing that the concept is, where its vectors start.
  std::string class_word;
  // All have the same size, and both sides are multiples of the model's size_multiple.
  std::vector<RgbImage> pictures;
  // Captions that contain "{}" exactly once each.
  std::vector<std::string> templates;
  TrainingRecipe recipe;

  // `pictures` were brought to the settings' size.
  static TrainingInput From(const TrainingSettings& settings, std::vector<RgbImage> pictures) {
    return {.token = settings.token,
            .class_word = settings.class_word,
            .pictures = std::move(pictures),
            .templates = settings.templates,
            .recipe = settings.recipe};
  }
};

}  // namespace imprint::engine
