// What `draw` does once it knows what is wanted: an image-set job, its pictures in a folder as they
// finish, manifest and contact sheet at the end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/picture_folder.h"

namespace imprint::cli {

struct DrawOrder {
  // Id or name of the base model; empty is the only one, or "default".
  std::string model;
  // As EmbeddingName takes them; none means the concepts whose tokens the prompts have.
  std::vector<std::string> embeddings;
  // Without base_model and embeddings, which are found out.
  v1::ImageSetSpec spec;
  v1::JobPriority priority = v1::JOB_PRIORITY_UNSPECIFIED;
  std::string request_id;
  // Follow the job until it ends.
  bool wait = true;
  std::filesystem::path out;
  // Replaces what an earlier drawing left in `out`; without it, that is an error.
  bool overwrite = false;
  // Also draw each prompt with the class word, for comparison.
  bool compare = false;
  bool sheet = true;
  // The sheet's; by default the tokens.
  std::string title;
  // Folder of pictures for the sheet's first row; none if empty.
  std::filesystem::path references;
};

// CANCELLED if it was stopped while watching: the job goes on, and the pictures that were finished
// are in `out`.
absl::Status Draw(const DrawOrder& order, CommandContext& context);

// "ddim, 25 steps, guidance 5, 512×512", for the sheet.
std::string DescribeDrawing(const v1::ImageSetSpec& spec);

// Says how many pictures are missing, and why; nothing if none is.
void WarnOfBlocked(const PictureFolder::Counts& counts, Console& console);

// "<rex>, <mia>"
std::string JoinTokens(const std::vector<v1::Embedding>& embeddings);

}  // namespace imprint::cli
