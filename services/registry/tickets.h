// Tickets: what running attempts may read and add, and nothing else. Each ticket stands for one
// attempt, and becomes void as soon as a later attempt has its own (fencing).
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/transfer.pb.h>

#include "storage/database.h"

namespace imprint::registry {

// The scope of a valid ticket; one of the two sets is empty.
struct TicketScope {
  std::string job;
  int64_t chunk = 0;
  int attempt = 0;
  std::string reference_set;  // its id
  std::string image_set;      // its id
  int64_t first_item = 0;
  int64_t item_count = 0;  // 0 means all from first_item on

  bool Has(int64_t item) const {
    return item >= first_item && (item_count == 0 || item < first_item + item_count);
  }
};

// Thread-safe.
class Tickets {
 public:
  explicit Tickets(Database& database) : database_(database) {}

  absl::StatusOr<v1::IssueTicketResponse> Issue(const v1::IssueTicketRequest& request);

  // Extends the run's ticket, so that it is valid for the given time from now on. Returns NOT_FOUND
  // if the run has no valid ticket.
  absl::StatusOr<v1::RenewTicketResponse> Renew(const v1::RenewTicketRequest& request);

  // Voids the ticket of a run that has ended. Returns OK if it has none.
  absl::Status End(const v1::RunKey& run);

  // Revokes the job's tickets for good: none is issued for it any more. Returns how many were open.
  absl::StatusOr<int> Revoke(const std::string& job);

  // Returns the ticket's scope, or PERMISSION_DENIED if the token is unknown, expired or void.
  absl::StatusOr<TicketScope> Check(const std::string& token);
  // Does the same within a transaction that acts on the result.
  static absl::StatusOr<TicketScope> Check(soci::session& sql, const std::string& token);

 private:
  Database& database_;
};

// Return PERMISSION_DENIED naming the token if it is not for drawing, or not for that item.
absl::Status CheckMayDraw(const TicketScope& scope);
absl::Status CheckIsOf(const TicketScope& scope, int64_t item);

// Returns whether the job's tickets were revoked. Within a transaction.
bool IsRevoked(soci::session& sql, const std::string& job);

}  // namespace imprint::registry
