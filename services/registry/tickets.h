// What running attempts may read and add, and nothing else: each ticket stands for one attempt, and
// is void as soon as a later one has its own.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/transfer.pb.h>

#include "storage/database.h"

namespace imprint::registry {

// What a good ticket is for: one of the two sets is empty.
struct TicketScope {
  std::string job;
  int64_t chunk = 0;
  int attempt = 0;
  std::string reference_set;  // its id
  std::string image_set;      // its id
  int64_t first_item = 0;
  int64_t item_count = 0;  // 0: all from the first on

  bool Has(int64_t item) const {
    return item >= first_item && (item_count == 0 || item < first_item + item_count);
  }
};

// Thread-safe.
class Tickets {
 public:
  explicit Tickets(Database& database) : database_(database) {}

  absl::StatusOr<v1::IssueTicketResponse> Issue(const v1::IssueTicketRequest& request);

  // The run's ticket is good for so long from now on. NOT_FOUND if it has none that is good.
  absl::StatusOr<v1::RenewTicketResponse> Renew(const v1::RenewTicketRequest& request);

  // The run has ended: its ticket is void. OK if it has none.
  absl::Status End(const v1::RunKey& run);

  // For good: no ticket of the job is issued any more. Gives how many were open.
  absl::StatusOr<int> Revoke(const std::string& job);

  // PERMISSION_DENIED if the token is unknown, expired or void.
  absl::StatusOr<TicketScope> Check(const std::string& token);
  // The same within a transaction that acts on it.
  static absl::StatusOr<TicketScope> Check(soci::session& sql, const std::string& token);

 private:
  Database& database_;
};

// Whether the job's tickets were revoked, within a transaction.
bool IsRevoked(soci::session& sql, const std::string& job);

}  // namespace imprint::registry
