// Carries out `set draw` and `set extend`: an image-set job of a plan, its pictures in a folder as
// they finish, and manifest and contact sheet at the end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/job_options.h"

namespace imprint::cli {

// Model and embeddings are the plan's where they are not given.
struct SetOrder : JobOrder {
  std::filesystem::path plan;
  // The axis of the sheet's columns; empty is the last one.
  std::string columns;
};

// Returns CANCELLED if it was stopped while watching: the job goes on, and the pictures that were
// finished are in `out`.
absl::Status DrawSet(const SetOrder& order, CommandContext& context);

}  // namespace imprint::cli
