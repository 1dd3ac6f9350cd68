// The gateway's tables.
#pragma once

#include <vector>

#include "storage/database.h"

namespace imprint::gateway {

const std::vector<Migration>& JobMigrations();

}  // namespace imprint::gateway
