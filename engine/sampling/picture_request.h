// What is to be drawn. Needs no LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"

#include "engine/model/base_model.h"

namespace imprint {

// Longest prompt in bytes. CLIP reads 75 tokens, some 400 letters.
inline constexpr size_t kMaxPromptBytes = 2000;

struct PictureRequest {
  std::string prompt;
  std::string negative_prompt;
  uint64_t seed = 0;
  int width = 0;  // pixels
  int height = 0;
  int steps = 25;
  // Classifier-free guidance (Ho & Salimans 2022); 1 and less mean none.
  double guidance = 5.0;
};

// INVALID_ARGUMENT naming the first field that makes no sense for this model.
absl::Status CheckRequest(const BaseModelInfo& model, const PictureRequest& request);

}  // namespace imprint
