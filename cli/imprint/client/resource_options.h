// Converts resource names between the forms that people type and that the API uses.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/job.pb.h>

namespace imprint::cli {

// Each accepts the full name or the part that differs: "jobs/a1" or "a1". Returns INVALID_ARGUMENT
// naming the option.
absl::StatusOr<std::string> JobName(absl::string_view given);
absl::StatusOr<std::string> ModelName(absl::string_view given);
absl::StatusOr<std::string> ConceptName(absl::string_view given);
absl::StatusOr<std::string> ImageSetName(absl::string_view given);
absl::StatusOr<std::string> ReferenceSetName(absl::string_view given);

// Accepts "rex" (its newest version), "rex/3" (that version) or "rex/approved" (what the alias
// points to), or the full name of any of these.
absl::StatusOr<std::string> EmbeddingName(absl::string_view given);
inline constexpr const char* kEmbeddingNameHelp =
    "rex (the newest), rex/3, rex/approved (an alias), or a full name";

// Makes an id of a token: "<Old Town>" -> "old-town". Returns INVALID_ARGUMENT, saying what to add,
// if nothing is left of it.
absl::StatusOr<std::string> ConceptIdFromToken(absl::string_view token);

// Returns what people type: "jobs/a1" -> "a1".
absl::string_view ShortName(absl::string_view name);

// Parses "bulk", "normal" or "interactive"; empty leaves the choice to the server.
absl::StatusOr<v1::JobPriority> ParseJobPriority(absl::string_view name);

// Returns the state for people: "JOB_STATE_RUNNING" -> "running".
std::string StateText(v1::JobState state);

}  // namespace imprint::cli
