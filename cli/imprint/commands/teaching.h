// What `teach` does once it knows what is wanted: pictures and rights to the registry, a job, its
// progress, and the embedding's name – or its file – at the end.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/rights.h"

#include "formats/embedding_layout.h"

namespace imprint::cli {

struct TeachOrder {
  std::filesystem::path folder;
  // Id or name of the base model; empty is the only one, or "default".
  std::string model;
  RightsOptions rights;
  // Without base_model and reference_set, which are found out.
  v1::TrainingSpec spec;
  v1::JobPriority priority = v1::JOB_PRIORITY_UNSPECIFIED;
  std::string request_id;
  // Follow the job until it ends.
  bool wait = true;
  // A file (.safetensors) or a folder for the embedding; empty leaves it in the registry.
  std::filesystem::path out;
  EmbeddingLayout layout = EmbeddingLayout::kDiffusers;
  bool overwrite = false;
};

// CANCELLED if it was stopped while watching; the job goes on.
absl::Status Teach(const TeachOrder& order, CommandContext& context);

// Checks, before hours of work, that nothing is in the way of `file` and that it can be written.
absl::Status PrepareFile(const std::filesystem::path& file, bool overwrite);

}  // namespace imprint::cli
