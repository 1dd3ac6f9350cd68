// Image sets and their items, as commands ask for them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint/client/gateway.h"

namespace imprint::cli {

// Gets a set by its full name.
absl::StatusOr<v1::ImageSet> GetImageSet(Gateway& gateway, const std::string& name);

// Returns the items that a set has, by index.
absl::StatusOr<std::vector<v1::Item>> ListItems(Gateway& gateway, const std::string& set);

}  // namespace imprint::cli
