// Carries out `teach` once its options are known: pictures and rights to the registry, a job, its
// progress, and at the end the embedding's name or its file.
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
  // Id or name of the base model; empty means the only one, or "default".
  std::string model;
  RightsOptions rights;
  // Its base_model and reference_set are not set; they are looked up.
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

// Returns CANCELLED if it was stopped while watching; the job goes on.
absl::Status Teach(const TeachOrder& order, CommandContext& context);

// Checks, before hours of work, that `file` can be written and that nothing is in its way.
absl::Status PrepareFile(const std::filesystem::path& file, bool overwrite);

}  // namespace imprint::cli
