// The caps that an operator sets on one job: a picture of thousands of pixels and steps holds a
// sampler for minutes.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include <CLI/CLI.hpp>
#include <imprint/v1/imageset.pb.h>
#include <imprint/v1/training.pb.h>

namespace imprint::gateway {

// A cap that is not set leaves only the limits that apply to every spec.
struct JobCaps {
  std::optional<int64_t> picture_side;      // pixels of a finished picture's longer side
  std::optional<int64_t> draw_steps;        // steps of a picture
  std::optional<int64_t> items;             // pictures of an image set
  std::optional<int64_t> training_side;     // pixels
  std::optional<int64_t> training_steps;    // updates
  std::optional<int64_t> training_samples;  // samples of one update
};

// Adds --max-picture-side and the other flags.
void AddFlags(CLI::App& app, JobCaps& caps);

// Returns INVALID_ARGUMENT naming a flag that would leave nothing to ask for.
absl::Status CheckFlags(const JobCaps& caps);

// Checks a spec that fits its model. Returns INVALID_ARGUMENT naming the field, what was given, and
// the flag.
absl::Status CheckCaps(const JobCaps& caps, const v1::TrainingSpec& spec);
// The number of its pictures is checked by the next one.
absl::Status CheckCaps(const JobCaps& caps, const v1::ImageSetSpec& spec);
absl::Status CheckItems(const JobCaps& caps, const v1::ImageSetSpec& spec, int64_t items);

}  // namespace imprint::gateway
