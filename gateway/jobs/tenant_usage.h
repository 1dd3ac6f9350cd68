// How many device-seconds each tenant has had, halved every hour: what fair share is measured by.
// Within a transaction; private to gateway/jobs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <soci/soci.h>

namespace imprint::gateway {

// Charges the tenant with what an attempt that began then has taken of so many devices until now.
void AddUsage(soci::session& sql, const std::string& tenant, int64_t start_us, int64_t seats);

// As of now, by tenant.
std::map<std::string, double> UsageByTenant(soci::session& sql);

}  // namespace imprint::gateway
