// Plans `draw`: from its options to the list of pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "engine/sampling/picture_request.h"

namespace imprint::cli {

// A picture to draw.
struct PlannedPicture {
  PictureRequest request;
  // The name of its file without the extension: "007-pip-in-the-snow-s3".
  std::string name;
  // Its row on the contact sheet: pictures of one prompt share a row.
  size_t row = 0;
  // Drawn for comparison, with the class word where the prompt has a concept's token.
  bool comparison = false;
};

// Plans every prompt with every seed, prompt by prompt. `defaults` gives size, steps and the rest.
// `class_words` maps tokens to their class words: if it is not empty, each prompt that names one of
// the tokens is first drawn with the class word, with the first two seeds. Returns INVALID_ARGUMENT
// if there is no prompt or seed, or more than 10,000 pictures.
absl::StatusOr<std::vector<PlannedPicture>> PlanPictures(
    const std::vector<std::string>& prompts, const std::vector<uint64_t>& seeds,
    const PictureRequest& defaults, const std::map<std::string, std::string>& class_words);

}  // namespace imprint::cli
