// Carries out `teach` once its options are known: pictures in, training with a progress bar,
// embedding, record and checkpoint out.
#pragma once

#include <filesystem>
#include <optional>

#include "absl/status/status.h"
#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/training_record.h"

namespace imprint::cli {

// Teaches from the pictures in `folder`. Without `overwrite`, it is an error if `out` holds another
// training; with it, that training is removed once everything has been read and checked. Returns
// CANCELLED if it was stopped, with a checkpoint in `out`.
absl::Status BeginTeaching(TeachOrder order, const std::filesystem::path& folder,
                           const std::filesystem::path& out, bool overwrite,
                           CommandContext& context);

// What a resumed training may use instead of what it began with. Fields that are not set change
// nothing.
struct ResumeChanges {
  std::optional<ComputeDevice> device = std::nullopt;
  std::optional<int> ranks = std::nullopt;
  bool gradient_checkpointing = false;
  bool cuda_graph = false;
  std::optional<int> device_memory_mb = std::nullopt;
};

// Resumes the training in `out`: from its checkpoint, or from the beginning if it has none.
absl::Status ResumeTeaching(const std::filesystem::path& out, const ResumeChanges& changes,
                            CommandContext& context);

}  // namespace imprint::cli
