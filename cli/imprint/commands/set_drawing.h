// Carries out `set draw` and `set extend`: an image-set job of a plan, its pictures in a folder as
// they finish, and manifest and contact sheet at the end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/imprint/commands/command.h"

namespace imprint::cli {

struct SetOrder {
  std::filesystem::path plan;
  // Instead of the plan's, if they are given.
  std::string model;
  std::vector<std::string> embeddings;
  // Its plan, base_model and embeddings are not set; they are looked up.
  v1::ImageSetSpec spec;
  v1::JobPriority priority = v1::JOB_PRIORITY_UNSPECIFIED;
  std::string request_id;
  // Follow the job until it ends.
  bool wait = true;
  std::filesystem::path out;
  // Replaces what an earlier drawing left in `out`; without it, that is an error.
  bool overwrite = false;
  // The axis of the sheet's columns; empty is the last one.
  std::string columns;
};

// Returns CANCELLED if it was stopped while watching: the job goes on, and the pictures that were
// finished are in `out`.
absl::Status DrawSet(const SetOrder& order, CommandContext& context);

}  // namespace imprint::cli
