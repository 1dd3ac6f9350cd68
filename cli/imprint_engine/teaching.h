// Carries out `teach` once its options are known: pictures in, training with a progress bar,
// embedding, record and checkpoint out.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/training_record.h"

#include "orders/compute_options.h"

namespace imprint::cli {

// Teaches from the pictures in `folder`. Without `overwrite`, it is an error if `out` holds another
// training; with it, that training is removed once everything has been read and checked. Returns
// CANCELLED if it was stopped, with a checkpoint in `out`.
absl::Status BeginTeaching(TeachOrder order, const std::filesystem::path& folder,
                           const std::filesystem::path& out, bool overwrite,
                           CommandContext& context);

// What a resumed training may use instead of what it began with.
struct ResumeChanges {
  // Not set changes nothing.
  std::optional<int> ranks = std::nullopt;
  // Only those options count that `given` takes and that MayChange allows; a device that is not set
  // changes nothing.
  ComputeOptions compute = {};
  std::function<bool(const Field<ComputeOptions>&)> given = [](const auto&) { return false; };
};

// Returns whether a training may go on with another value of that option. Its precision is part of
// what it learns, and its threads are an option of every command.
bool MayChange(const Field<ComputeOptions>& option);

// Resumes the training in `out`: from its checkpoint, or from the beginning if it has none.
absl::Status ResumeTeaching(const std::filesystem::path& out, const ResumeChanges& changes,
                            CommandContext& context);

}  // namespace imprint::cli
