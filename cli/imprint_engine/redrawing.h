// Carries out `redraw` once its options are known: draws pictures again from their record, and
// compares.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/imprint_engine/command.h"

#include "orders/compute_device.h"

namespace imprint::cli {

struct RedrawOrder {
  // The folder with pictures and manifest.json, of either command line.
  std::string folder;
  // The pictures to draw again, by their files' names; all if empty.
  std::vector<std::string> files;
  // Empty means where the manifest says.
  std::string model;
  // Files of embeddings that are not where the manifest says, or that it only knows by a name.
  std::vector<std::string> embeddings;
  // Nothing means a device of the kind that each picture was drawn on.
  std::optional<ComputeDevice> device;
  // Folder for the pictures; they are only compared if it is empty.
  std::string out;
  // Whether what is written must pass the model's safety checker.
  bool safety_check = true;
};

// Computes as each picture's record says: the precision, the number of threads unless
// `context.threads` is another, and the places of the batches. Returns DATA_LOSS if a picture
// differs from its record, INVALID_ARGUMENT naming what is missing or is not what was recorded, and
// CANCELLED if it was stopped.
absl::Status Redraw(const RedrawOrder& order, CommandContext& context);

}  // namespace imprint::cli
