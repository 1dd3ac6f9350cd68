#include "gateway/dispatch/run_ticket.h"

#include <cstdint>
#include <utility>

namespace imprint::gateway {
namespace {

constexpr int64_t kLifetimeSeconds = 3600;
constexpr absl::Duration kRenewEvery = absl::Minutes(15);

}  // namespace

RunTicket::RunTicket(v1::RunKey run, RegistryClient& registry)
    : run_(std::move(run)), registry_(registry) {}

absl::StatusOr<std::string> RunTicket::Issue(v1::IssueTicketRequest request, absl::Time now) {
  *request.mutable_run() = run_;
  request.set_lifetime_seconds(kLifetimeSeconds);
  renewed_ = now;
  return registry_.IssueTicket(request);
}

void RunTicket::KeepValid(absl::Time now) {
  if (now - renewed_ < kRenewEvery) return;
  if (registry_.RenewTicket(run_, kLifetimeSeconds).ok()) renewed_ = now;
}

void RunTicket::End() {
  if (registry_.Ready().ok()) (void)registry_.EndTicket(run_);
}

}  // namespace imprint::gateway
