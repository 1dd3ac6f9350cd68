// The rights that come with pictures and embeddings. They are never invented: whoever brings the
// pictures states them, by flag, by environment, or by answering.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <CLI/CLI.hpp>
#include <imprint/v1/registry.pb.h>

namespace imprint::cli {

// Asks a person one question and gives the answer, without white space at its ends. CANCELLED if
// there will be none.
using Ask = std::function<absl::StatusOr<std::string>(const std::string& question)>;

// As given; empty where nothing was said.
struct RightsOptions {
  std::string creator;
  std::string licence;
  // "none" or "consent".
  std::string people;
  std::string consent;
};

// --creator, --licence, --people, --consent, which are also read from IMPRINT_CREATOR,
// IMPRINT_LICENCE, IMPRINT_PEOPLE and IMPRINT_CONSENT.
void AddRightsOptions(CLI::App& app, RightsOptions& options);

// INVALID_ARGUMENT if the line says who agreed, and that nobody is shown.
absl::Status CheckRightsFlags(const CLI::App& app, const RightsOptions& options);

// What is missing is asked for; without `ask`, INVALID_ARGUMENT that names every flag that is
// missing.
absl::StatusOr<v1::Rights> StateRights(RightsOptions options, const Ask& ask);

}  // namespace imprint::cli
