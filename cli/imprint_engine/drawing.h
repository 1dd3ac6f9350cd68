// Carries out `draw` once its options are known: pictures, manifest and contact sheet in a folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/imprint_engine/command.h"

#include "engine/sampling/picture_request.h"
#include "imaging/picture_format.h"

namespace imprint::cli {

struct DrawOrder {
  std::string model;
  // Files, or the folders that `teach` left them in.
  std::vector<std::string> embeddings;
  std::vector<std::string> prompts;
  // Every prompt is drawn with every seed.
  std::vector<uint64_t> seeds = {1};
  // Size, steps and the rest of each picture; width 0 means the model's own size.
  PictureRequest defaults;
  // Empty means the model's own.
  std::optional<SolverChoice> solver;
  ComputeOptions compute;
  // Picture file that all pictures begin from; empty means none.
  std::string source;
  // The number of pictures drawn at once.
  int batch = 4;
  // Fills each batch up, so that the bits of a picture do not depend on which others share it.
  bool exact = false;
  std::string out;
  // Replaces what an earlier drawing left in `out`; without it, that is an error.
  bool overwrite = false;
  PictureFormat format = PictureFormat::kPng;
  // Also draw each prompt with the class word, for comparison.
  bool compare = false;
  bool safety_check = true;
  bool sheet = true;
  // The sheet's title; by default the tokens.
  std::string title;
  // Folder of pictures for the sheet's first row; none if empty.
  std::string references;
};

// Returns CANCELLED if it was stopped: the pictures that were finished and their manifest are in
// `out`.
absl::Status Draw(const DrawOrder& order, CommandContext& context);

}  // namespace imprint::cli
