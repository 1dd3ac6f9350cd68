// What `teach` does once it knows what is wanted: pictures in, training with a progress bar,
// embedding, record and checkpoint out.
#pragma once

#include <filesystem>
#include <optional>

#include "absl/status/status.h"
#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/training_record.h"

namespace imprint {

// Teaches from the pictures in `folder`. What `out` holds of another training is an error without
// `overwrite`; with it, that goes once everything has been read and checked. CANCELLED if it was
// stopped, with a checkpoint in `out`.
absl::Status BeginTeaching(TeachOrder order, const std::filesystem::path& folder,
                           const std::filesystem::path& out, bool overwrite,
                           CommandContext& context);

// Goes on with the training in `out`: from its checkpoint, or from the beginning if it has none; on
// `device` and with `ranks` instead of those that it began with, where they are given.
absl::Status ResumeTeaching(const std::filesystem::path& out,
                            const std::optional<ComputeDevice>& device,
                            const std::optional<int>& ranks, CommandContext& context);

}  // namespace imprint
