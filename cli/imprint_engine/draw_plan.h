// From `draw`'s options to the list of pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "engine/sampling/picture_request.h"

namespace imprint {

// A picture to draw and the file that it goes into, without its ending: "007-pip-in-the-snow-s3".
struct PlannedPicture {
  PictureRequest request;
  std::string name;
};

// Every prompt with every seed, prompt by prompt. `defaults` gives size, steps and the rest.
// INVALID_ARGUMENT if there is no prompt or seed, or more than 10,000 pictures.
absl::StatusOr<std::vector<PlannedPicture>> PlanPictures(const std::vector<std::string>& prompts,
                                                         const std::vector<uint64_t>& seeds,
                                                         const PictureRequest& defaults);

// "1,2,5-8" -> 1 2 5 6 7 8. INVALID_ARGUMENT naming seeds.
absl::StatusOr<std::vector<uint64_t>> ParseSeeds(absl::string_view text);

// "640x512" or "512" (a square) into width and height; empty leaves them. INVALID_ARGUMENT naming
// size.
absl::Status ParseSize(absl::string_view text, PictureRequest& request);

}  // namespace imprint
