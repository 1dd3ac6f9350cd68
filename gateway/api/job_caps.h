// What an operator lets one job ask for: a picture of thousands of pixels and steps holds a sampler
// for minutes.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include <CLI/CLI.hpp>
#include <imprint/v1/imageset.pb.h>
#include <imprint/v1/training.pb.h>

namespace imprint::gateway {

// What is not given is limited only by what a spec may say at all.
struct JobCaps {
  std::optional<int64_t> picture_side;      // pixels of a finished picture's longer side
  std::optional<int64_t> draw_steps;        // of a picture
  std::optional<int64_t> items;             // pictures of a set
  std::optional<int64_t> training_side;     // pixels
  std::optional<int64_t> training_steps;    // updates
  std::optional<int64_t> training_samples;  // of one update
};

// --max-picture-side and the others.
void AddFlags(CLI::App& app, JobCaps& caps);

// INVALID_ARGUMENT naming the flag that leaves nothing to ask for.
absl::Status CheckFlags(const JobCaps& caps);

// Of a spec that fits its model. INVALID_ARGUMENT naming the field, what was given, and the flag.
absl::Status CheckCaps(const JobCaps& caps, const v1::TrainingSpec& spec);
absl::Status CheckCaps(const JobCaps& caps, const v1::ImageSetSpec& spec);

}  // namespace imprint::gateway
