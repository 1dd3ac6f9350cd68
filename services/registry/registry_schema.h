// The registry's tables.
#pragma once

#include <vector>

#include "storage/database.h"

namespace imprint::registry {

const std::vector<Migration>& RegistryMigrations();

// A query of every record's blob: one column, sha256. Blobs that it does not give are nobody's.
extern const char* const kBlobNames;

}  // namespace imprint::registry
