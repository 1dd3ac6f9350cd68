// Keeps how many device-seconds each tenant has used, with a half-life of one hour: what fair share
// is measured by. Used within a transaction; private to gateway/jobs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <soci/soci.h>

namespace imprint::gateway {

// Charges the tenant with the time from `start_us` until now on each of `seats` devices.
void AddUsage(soci::session& sql, const std::string& tenant, int64_t start_us, int64_t seats);

// Returns the usage of each tenant as of now.
std::map<std::string, double> UsageByTenant(soci::session& sql);

}  // namespace imprint::gateway
