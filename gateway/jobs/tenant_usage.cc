#include "gateway/jobs/tenant_usage.h"

#include <algorithm>
#include <cmath>

#include "storage/database.h"

namespace imprint::gateway {
namespace {

constexpr double kUsageHalfLifeSeconds = 3600;

// What is left at `now_us` of what was used until `then_us`.
double Faded(double used, int64_t then_us, int64_t now_us) {
  const double age = static_cast<double>(now_us - then_us) / 1e6;
  return used * std::exp2(-age / kUsageHalfLifeSeconds);
}

}  // namespace

void AddUsage(soci::session& sql, const std::string& tenant, int64_t start_us, int64_t seats) {
  const int64_t now = DatabaseNowMicros(sql);
  double used = 0;
  int64_t updated = now;
  sql << "select device_seconds, update_us from tenant_usage where tenant = :t", soci::use(tenant),
      soci::into(used), soci::into(updated);
  used = Faded(used, updated, now) +
         static_cast<double>(std::max<int64_t>(now - start_us, 0) * seats) / 1e6;
  sql << "insert into tenant_usage (tenant, device_seconds, update_us) values (:t, :d, :u)"
         " on conflict (tenant) do update set device_seconds = excluded.device_seconds,"
         " update_us = excluded.update_us",
      soci::use(tenant), soci::use(used), soci::use(now);
}

std::map<std::string, double> UsageByTenant(soci::session& sql) {
  const int64_t now = DatabaseNowMicros(sql);
  std::map<std::string, double> usage;
  std::string tenant;
  double used = 0;
  int64_t updated = 0;
  soci::statement statement =
      (sql.prepare << "select tenant, device_seconds, update_us from tenant_usage",
       soci::into(tenant), soci::into(used), soci::into(updated));
  statement.execute();
  while (statement.fetch()) usage[tenant] = Faded(used, updated, now);
  return usage;
}

}  // namespace imprint::gateway
