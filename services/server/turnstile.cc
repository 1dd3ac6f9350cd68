#include "services/server/turnstile.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "rpc/status.h"

namespace imprint {
namespace {

absl::Status Full(const std::string& text) {
  return WithRetryAfter(WithReason(absl::ResourceExhaustedError(text), "TOO_MANY_AT_ONCE"),
                        absl::Seconds(2));
}

}  // namespace

std::string PeerOf(const grpc::ServerContextBase& context) {
  const std::string peer = context.peer();
  // "ipv4:10.0.0.7:51234", "ipv6:%5B::1%5D:51234", "unix:/run/x".
  if (!absl::StartsWith(peer, "ipv")) return peer.substr(0, peer.find(':'));
  return peer.substr(0, peer.rfind(':'));
}

void Turnstile::Show(Metrics& metrics) {
  metrics.Gauge("imprint_open_limit", "What may be open at once, by kind.", {{"what", what_}})
      .Set(limit_);
  gauge_ = &metrics.Gauge("imprint_open", "What is open just now, by kind.", {{"what", what_}});
}

absl::StatusOr<Turnstile::Pass> Turnstile::Enter(const std::string& peer) {
  const absl::MutexLock lock(&mutex_);
  if (inside_ >= limit_) {
    return Full(absl::StrCat(what_, ": ", limit_, " are open, the most at once"));
  }
  int& of_this = peers_[peer];
  if (of_this >= of_one_) {
    return Full(absl::StrCat(what_, ": ", of_one_, " of ", limit_,
                             " are open from this address, the most that one may have"));
  }
  ++of_this;
  ++inside_;
  if (gauge_ != nullptr) gauge_->Set(inside_);
  return Pass(this, peer);
}

void Turnstile::Leave(const std::string& peer) {
  const absl::MutexLock lock(&mutex_);
  if (--peers_[peer] == 0) peers_.erase(peer);
  --inside_;
  if (gauge_ != nullptr) gauge_->Set(inside_);
}

}  // namespace imprint
