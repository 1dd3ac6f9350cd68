// One item as the database stores it. Private to services/registry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/registry.pb.h>
#include <soci/soci.h>

#include "services/registry/image_set_row.h"

namespace imprint::registry {

// Returns the item of that index, or of that key; nothing if the set has none. DATA_LOSS if it is
// damaged.
absl::StatusOr<std::optional<v1::Item>> FindItem(soci::session& sql, int64_t set, int64_t index);
absl::StatusOr<std::optional<v1::Item>> FindItem(soci::session& sql, int64_t set,
                                                 const std::string& key);

// Adds an item to an open set, with the name and the time that it has from now on.
// FAILED_PRECONDITION if the set is closed.
absl::Status AddItem(soci::session& sql, const ImageSetBrief& set, v1::Item& item);

}  // namespace imprint::registry
