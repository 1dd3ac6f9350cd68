// Carries out `draw` once its options are known: an image-set job, its pictures in a folder as they
// finish, and manifest and contact sheet at the end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/job_options.h"
#include "cli/imprint/commands/picture_folder.h"

namespace imprint::cli {

// Without a model it is the only one, or "default"; without embeddings, those of the concepts whose
// tokens are in the prompts.
struct DrawOrder : JobOrder {
  // Also draw each prompt with the class word, for comparison.
  bool compare = false;
  bool sheet = true;
  // The sheet's title; by default the tokens.
  std::string title;
  // Folder of pictures for the sheet's first row; none if empty.
  std::filesystem::path references;
};

// Returns CANCELLED if it was stopped while watching: the job goes on, and the pictures that were
// finished are in `out`.
absl::Status Draw(const DrawOrder& order, CommandContext& context);

// Returns a description for the sheet: "ddim, 25 steps, guidance 5, 512×512".
std::string DescribeDrawing(const v1::ImageSetSpec& spec);

// Warns of how many pictures are missing, and why; does nothing if none is.
void WarnOfBlocked(const PictureFolder::Counts& counts, Console& console);

// Returns the tokens as a list: "<rex>, <mia>".
std::string JoinTokens(const std::vector<v1::Embedding>& embeddings);

}  // namespace imprint::cli
