#include "cli/imprint/client/gateway.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

#include "base/resource_name.h"
#include "rpc/channel.h"
#include "rpc/client_call.h"
#include "rpc/status.h"

namespace imprint::cli {
namespace {

// The gateway's own reason: it was reached, and its registry was not.
constexpr absl::string_view kRegistryUnavailable = "REGISTRY_UNAVAILABLE";

}  // namespace

Gateway::Gateway(std::string address, std::stop_token stop, absl::Duration patience)
    : address_(std::move(address)),
      stop_(std::move(stop)),
      patience_(patience),
      channel_(OpenChannel(address_)),
      jobs_(v1::JobService::NewStub(channel_)),
      registry_(v1::RegistryService::NewStub(channel_)) {}

absl::Status Gateway::Try(absl::Duration timeout, const Attempt& attempt) {
  const absl::Time until = absl::Now() + patience_;
  Backoff backoff = kCallBackoff;
  while (true) {
    ClientCall call({.timeout = timeout, .stop = stop_});
    const absl::Status status = FromGrpc(attempt(call.context()));
    if (stop_.stop_requested()) return absl::CancelledError("stopped");
    if (!IsRetryable(status) || absl::Now() > until) return Explained(status);
    if (!Wait(backoff.Next(status))) return absl::CancelledError("stopped");
  }
}

bool WaitUnlessStopped(const std::stop_token& stop, absl::Duration duration) {
  std::mutex mutex;
  // Nobody signals it: only the time or the stop token ends the wait.
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, absl::ToChronoNanoseconds(duration), [] { return false; });
  return !stop.stop_requested();
}

bool Gateway::Wait(absl::Duration duration) const { return WaitUnlessStopped(stop_, duration); }

absl::Status Gateway::Explained(const absl::Status& status) const {
  if (ReasonOf(status) == kRegistryUnavailable) {
    return absl::UnavailableError(absl::StrCat(status.message(), "; the gateway at ", address_,
                                               " runs, but the registry behind it does not "
                                               "answer: its log says why"));
  }
  if (absl::IsUnavailable(status)) {
    return absl::UnavailableError(absl::StrCat("the gateway at ", address_, " cannot be reached (",
                                               status.message(),
                                               "); does it run? imprint up starts one here"));
  }
  if (const auto delay = RetryAfterOf(status)) {
    return {status.code(),
            absl::StrCat(status.message(), "; try again in ", absl::FormatDuration(*delay))};
  }
  return status;
}

std::string NewRequestId() { return absl::StrCat("cli-", NewResourceId()); }

}  // namespace imprint::cli
