// The rights that come with pictures and embeddings. They are never invented: whoever brings the
// pictures states them by flag, by environment, or by answering.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <CLI/CLI.hpp>
#include <imprint/v1/registry.pb.h>

namespace imprint::cli {

// Asks a person one question and returns the answer, without white space at its ends. Returns
// CANCELLED if there will be no answer.
using Ask = std::function<absl::StatusOr<std::string>(const std::string& question)>;

// The rights as given; fields that were not given are empty.
struct RightsOptions {
  std::string creator;
  std::string licence;
  // "none" or "consent".
  std::string people;
  std::string consent;
};

// Adds --creator, --licence, --people and --consent, which are also read from IMPRINT_CREATOR,
// IMPRINT_LICENCE, IMPRINT_PEOPLE and IMPRINT_CONSENT.
void AddRightsOptions(CLI::App& app, RightsOptions& options);

// Returns INVALID_ARGUMENT if the command line says both who agreed and that nobody is shown.
absl::Status CheckRightsFlags(const CLI::App& app, const RightsOptions& options);

// Asks for what is missing. Without `ask`, returns INVALID_ARGUMENT naming every flag that is
// missing.
absl::StatusOr<v1::Rights> StateRights(RightsOptions options, const Ask& ask);

}  // namespace imprint::cli
