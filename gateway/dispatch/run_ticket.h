// What a run shows a registry to fetch its pictures and to hand in its own.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>
#include <imprint/v1/transfer.pb.h>

#include "gateway/peers/registry_client.h"

namespace imprint::gateway {

// The ticket of one run. It is valid for an hour, longer than a gateway that has gone is away, as a
// rule, and a gateway that follows the run renews it. Not thread-safe.
class RunTicket {
 public:
  RunTicket(v1::RunKey run, RegistryClient& registry);

  // A new one; `request` says for what.
  absl::StatusOr<std::string> Issue(v1::IssueTicketRequest request, absl::Time now);

  // Makes the ticket valid for another hour, unless that was done in the last 15 minutes. Where it
  // fails, the next call tries again; a ticket that is void says so itself.
  void KeepValid(absl::Time now);

  // The run is over. A ticket that cannot be ended expires.
  void End();

 private:
  const v1::RunKey run_;
  RegistryClient& registry_;
  absl::Time renewed_ = absl::InfinitePast();
};

}  // namespace imprint::gateway
