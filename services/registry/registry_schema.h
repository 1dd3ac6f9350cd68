// The registry's tables.
#pragma once

#include <vector>

#include "storage/database.h"

namespace imprint::registry {

const std::vector<Migration>& RegistryMigrations();

// A query for the blobs of all records, with one column, sha256. Blobs that it does not return are
// orphans.
extern const char* const kBlobNames;

}  // namespace imprint::registry
