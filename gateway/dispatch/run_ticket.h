// The ticket with which a run fetches its pictures from the registry and uploads its own.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>
#include <imprint/v1/transfer.pb.h>

#include "gateway/peers/registry_client.h"

namespace imprint::gateway {

// The ticket of one run. It is valid for an hour, which is normally longer than a gateway is away,
// and the gateway that follows the run renews it. Not thread-safe.
class RunTicket {
 public:
  RunTicket(v1::RunKey run, RegistryClient& registry);

  // Issues a new ticket; `request` says for what.
  absl::StatusOr<std::string> Issue(v1::IssueTicketRequest request, absl::Time now);

  // Makes the ticket valid for another hour, unless that was done in the last 15 minutes. If that
  // fails, the next call retries; a void ticket makes itself known when it is used.
  void KeepValid(absl::Time now);

  // Ends the ticket of a run that is over. A ticket that cannot be ended expires.
  void End();

 private:
  const v1::RunKey run_;
  RegistryClient& registry_;
  absl::Time renewed_ = absl::InfinitePast();
};

}  // namespace imprint::gateway
