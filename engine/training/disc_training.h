// For tests: a small training of the demo model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "engine/model/base_model.h"
#include "engine/training/training_input.h"
#include "text/training_templates.h"

namespace imprint::engine {

inline const std::shared_ptr<const BaseModel>& DemoModel() {
  static const auto* const model = new std::shared_ptr<const BaseModel>(
      *BaseModel::Load(std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo"));
  return *model;
}

inline RgbImage Disc(uint8_t red, uint8_t green) {
  RgbImage image = RgbImage::Blank(64, 64, 230);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      if ((x - 32) * (x - 32) + (y - 32) * (y - 32) > 400) continue;
      image.Pixel(x, y)[0] = red;
      image.Pixel(x, y)[1] = green;
    }
  }
  return image;
}

// Six steps of two samples each.
inline TrainingInput DiscTraining() {
  TrainingInput input{.token = "<disc>",
                      .class_word = "mascot",
                      .pictures = {Disc(200, 20), Disc(190, 40), Disc(210, 30)},
                      .templates = DefaultTemplates(ConceptKind::kObject)};
  input.recipe.steps = 6;
  input.recipe.batch = 2;
  return input;
}

}  // namespace imprint::engine
